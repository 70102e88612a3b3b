"""Business acts. They take a session and what else they need, raise named errors, and never commit."""
