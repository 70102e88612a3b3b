"""How the instance as a whole is: what must always hold."""
