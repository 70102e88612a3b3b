"""Keys, nonces, senders, sealing and key files. Pure: no Flask, no database, no environment."""
