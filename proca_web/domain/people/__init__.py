"""What a supporter types about themselves: the type that holds it, and the rules each value must pass."""
