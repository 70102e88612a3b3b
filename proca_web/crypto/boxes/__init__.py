"""Sealing: senders with their certificates and nonces, boxes for orgs, and the seals of what waits for a mail."""
