"""In which sizes a picture is drawn, where each is used, and what one may be that somebody brings."""

from dataclasses import dataclass, field
from enum import StrEnum

from proca_web.domain.campaign_words import PictureKind

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
BIG_SIDE = 2400  # no size that is served needs more
SMALLEST = {PictureKind.HERO: (600, 300), PictureKind.LOGO: (64, 64)}
ENDINGS = {"image/webp": "webp", "image/jpeg": "jpg", "image/png": "png"}
_KIB = 1024


class Use(StrEnum):
    """Where a size is used."""

    CARD = "card"  # what other sites show beside a link
    WIDE = "wide"
    MARK = "mark"
    FALLBACK = "fallback"  # for browsers that know no WebP
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Plan:
    """One size: as what it is written, and how many bytes it may have at most."""

    use: Use
    type: str
    width: int
    height: int
    most: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in one size, as this site has drawn it."""

    plan: Plan
    content: bytes = field(repr=False)


HERO_PLAN = (
    Plan(Use.CARD, "image/jpeg", 1200, 630, 200 * _KIB),
    Plan(Use.WIDE, "image/webp", 1200, 600, 150 * _KIB),
    Plan(Use.WIDE, "image/webp", 800, 400, 90 * _KIB),
    Plan(Use.WIDE, "image/webp", 480, 240, 45 * _KIB),
    Plan(Use.FALLBACK, "image/jpeg", 800, 400, 110 * _KIB),
)
LOGO_PLAN = (
    Plan(Use.MARK, "image/webp", 192, 192, 40 * _KIB),
    Plan(Use.MARK, "image/webp", 96, 96, 20 * _KIB),
    Plan(Use.FALLBACK, "image/png", 96, 96, 60 * _KIB),
    Plan(Use.MAIL, "image/png", 96, 96, 60 * _KIB),
)
PLANS = {PictureKind.HERO: HERO_PLAN, PictureKind.LOGO: LOGO_PLAN}
