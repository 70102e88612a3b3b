"""The tests of proca_web; each folder mirrors a floor of the house."""
