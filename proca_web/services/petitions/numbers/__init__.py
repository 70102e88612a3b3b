"""How many did what, when and from where: numbers alone, never a person, and nothing that counts looks."""
