"""An org's colour: read, and made darker or lighter until it stands out on light and on dark pages.

It is the ground of a mark, a dot, a line beside a text. It is never the colour of a text or a button: whatever an org
picks, what is to be read and pressed stays as legible as the site is.
"""

import re
from dataclasses import dataclass

from proca_web.domain.messages import N_, Message

OF_SITE = "#0b6e4f"
LEAST = 3.0  # WCAG 1.4.11: what is no text, but has a meaning
# Of the two grounds that pages of each kind have, the one that is nearer to the colours on it.
ON_LIGHT, ON_DARK = "#f3f6f3", "#1a221e"
BLACK, WHITE = "#000000", "#ffffff"
BAD = N_("Please write a colour as # and six digits or letters from a to f, like #0b6e4f.")
_AS_IT_IS = {
    ON_LIGHT: N_("On light pages it is shown as it is and stands out well (%(ratio)s : 1)."),
    ON_DARK: N_("On dark pages it is shown as it is and stands out well (%(ratio)s : 1)."),
}
_CHANGED = {
    ON_LIGHT: N_("On light pages it is shown darker: as it is it would hardly stand out (%(ratio)s : 1)."),
    ON_DARK: N_("On dark pages it is shown lighter: as it is it would hardly stand out (%(ratio)s : 1)."),
}
_SHORT, _LONG = re.compile("#?([0-9a-f]{3})"), re.compile("#?([0-9a-f]{6})")
_STEPS = 20


@dataclass(frozen=True, slots=True)
class Shades:
    """A colour as it is shown: on light pages, on dark pages, and what can be read on each of them."""

    light: str
    dark: str

    @property
    def ink_light(self) -> str:
        """Letters on the one of light pages."""
        return ink(self.light)

    @property
    def ink_dark(self) -> str:
        """Letters on the one of dark pages."""
        return ink(self.dark)


def parse(typed: str) -> str:
    """A colour as #rrggbb, or nothing for nothing. Raises ValueError."""
    given = typed.strip().lower()
    if not given:
        return ""
    if found := _LONG.fullmatch(given):
        return f"#{found[1]}"
    if found := _SHORT.fullmatch(given):
        return "#" + "".join(2 * digit for digit in found[1])
    raise ValueError("no colour")


def contrast(one: str, other: str) -> float:
    """How much two colours stand out from each other, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def shades(color: str) -> Shades:
    """What is shown of it; the site's own for none."""
    given = color or OF_SITE
    return Shades(_standing_out(given, ON_LIGHT, BLACK), _standing_out(given, ON_DARK, WHITE))


def ink(ground: str) -> str:
    """Black or white, whichever is read more easily on it: always 4.5 to 1 at least."""
    return max((WHITE, BLACK), key=lambda letters: contrast(ground, letters))


def in_words(color: str) -> list[Message]:
    """How it stands out, as it is or as it was made, on both kinds of pages."""
    given, shown = color or OF_SITE, shades(color)
    return [_said(given, shown.light, ON_LIGHT), _said(given, shown.dark, ON_DARK)]


def _said(given: str, shown: str, ground: str) -> Message:
    words = _AS_IT_IS if given == shown else _CHANGED
    return Message(words[ground], {"ratio": f"{contrast(given, ground):.1f}"})


def _standing_out(color: str, ground: str, towards: str) -> str:
    """The colour, mixed with black or white no more than it needs."""
    mixed = (_mix(color, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(each for each in mixed if contrast(each, ground) >= LEAST)


def _mix(color: str, other: str, part: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * part):02x}" for one, two in pairs)


def _channels(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
