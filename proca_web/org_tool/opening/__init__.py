"""Opening rows: every check, and where each row goes."""
