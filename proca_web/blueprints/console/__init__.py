"""Pages for staff: sign-in, an org's overview, its exports and keys."""
