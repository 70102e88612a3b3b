"""What leaves to an org: its released copies, as ciphertext."""
