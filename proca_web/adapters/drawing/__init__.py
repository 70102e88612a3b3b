"""Pictures: uploads drawn anew, and codes that a camera reads."""
