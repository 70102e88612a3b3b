"""`proca-org`: what an org runs on its own premises. Uses `crypto` and `domain`; never Flask, a database or the net."""
