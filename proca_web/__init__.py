"""proca_web: a petition platform whose operator cannot read the signatures it stores. Imports nothing."""
