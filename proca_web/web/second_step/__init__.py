"""The second step between a browser and the services: halfway through signing in, taking it, and asking for it anew."""
