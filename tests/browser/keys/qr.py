"""Reads a square code, without mending any dot: versions 3 to 5 at level M, one text in bytes (ISO/IEC 18004)."""

from collections.abc import Callable, Iterator

Dots = list[list[bool]]

# By version: how many bytes of data, and in how many equal blocks they are dealt out.
DATA = {3: (44, 1), 4: (64, 2), 5: (86, 2)}
MASKS: list[Callable[[int, int], bool]] = [
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: (y * x) % 2 + (y * x) % 3 == 0,
    lambda y, x: ((y * x) % 2 + (y * x) % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + (y * x) % 3) % 2 == 0,
]
FORMAT = 0b10101  # what the first five bits of the format are masked with


def text(dots: Dots) -> str:
    """What the code says."""
    version = (len(dots) - 17) // 4
    size, blocks = DATA[version]
    dealt = bytes_of(dots)[:size]
    bits = "".join(f"{byte:08b}" for block in range(blocks) for byte in dealt[block::blocks])
    assert bits[:4] == "0100", "bytes"
    length = int(bits[4:12], 2)
    return bytes(int(bits[at : at + 8], 2) for at in range(12, 12 + 8 * length, 8)).decode()


def bytes_of(dots: Dots) -> bytes:
    """All bytes in the order in which they lie."""
    said = int("".join(str(int(dot)) for dot in dots[8][:5]), 2) ^ FORMAT
    assert said >> 3 == 0, "level M"
    mask = MASKS[said & 7]
    bits = "".join(str(int(dots[y][x] ^ mask(y, x))) for y, x in path(len(dots)))
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


def path(size: int) -> Iterator[tuple[int, int]]:
    """Every place that carries data: in pairs of columns from the right, up and down by turns."""
    up = True
    for right in [*range(size - 1, 6, -2), 5, 3, 1]:
        for y in range(size - 1, -1, -1) if up else range(size):
            yield from ((y, x) for x in (right, right - 1) if not is_pattern(y, x, size))
        up = not up


def is_pattern(y: int, x: int, size: int) -> bool:
    """The three eyes with their format, the two rulers, and the small eye."""
    eyes = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
    return eyes or 6 in (y, x) or (abs(y - (size - 7)) <= 2 and abs(x - (size - 7)) <= 2)
