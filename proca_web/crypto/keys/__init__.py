"""Keys and what is said about them: key files, passphrases, proofs, signed statements, the key log, the Home key."""
