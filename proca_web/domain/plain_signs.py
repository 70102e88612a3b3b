"""What a terminal that knows few characters shows instead of signs: the act is done, and its words must arrive."""

PLAIN = {"✓": "OK", "✗": "x", "…": "...", "→": "->", "’": "'", "“": '"', "”": '"', "–": "-", "·": "-"}
