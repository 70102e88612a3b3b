"""What a part of `check` has found: faults, and what is worth a word."""

Said = tuple[list[str], list[str]]
