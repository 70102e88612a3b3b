"""A QR code as the path of an inline SVG: drawn with attributes alone, because the policy allows no inline style."""

from dataclasses import dataclass

import segno

QUIET = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A square of `size` modules a side, and the dark ones as one path."""

    size: int
    path: str


def picture_of(text: str) -> Picture:
    """The QR code of a text, with its quiet zone."""
    lines = list(segno.make(text, error="m", micro=False).matrix_iter(border=QUIET))
    dark = [(x, y) for y, line in enumerate(lines) for x, is_dark in enumerate(line) if is_dark]
    return Picture(len(lines), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))
