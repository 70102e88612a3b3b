"""What sealing stands on: the keyring, senders, the guard, and which keys are vouched for."""
