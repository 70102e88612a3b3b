"""What speaks to the world: database, queue, mail, logs, clock, keyring, encryption. Business rules live below."""
