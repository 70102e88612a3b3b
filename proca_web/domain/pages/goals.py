"""The goal of a petition: one that was set, or one that moves just above the count, in steps people can picture."""

_STEPS = (100, 200, 500)


def goal_of(fixed: int, count: int) -> int:
    """The goal that was set; with none (0), the one just above the count."""
    return fixed or goal_above(count)


def goal_above(count: int) -> int:
    """The next goal: 100, 200, 500, 1,000, 2,000, 5,000 and so on; a million at a time from one million."""
    if count >= 1_000_000:
        return (count // 1_000_000 + 1) * 1_000_000
    scale = 1
    while True:
        for step in _STEPS:
            if count < step * scale:
                return step * scale
        scale *= 10
