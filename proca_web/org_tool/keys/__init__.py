"""Key files and passphrases on the org's computer."""
