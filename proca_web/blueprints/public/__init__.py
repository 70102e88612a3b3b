"""Pages for everybody: they set no cookie and ask for no account."""
