"""The two databases as their drivers give them, each with an end to every wait."""
