"""The demo's pictures, drawn for it and part of this project as its code is."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from proca_web.adapters.drawing import pictures
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.pages.pictures import Drawn

_FILES = {
    "street.webp": PictureKind.HERO,
    "river.webp": PictureKind.HERO,
    "leaf.png": PictureKind.LOGO,
    "houses.png": PictureKind.LOGO,
}


def draw_all() -> Mapping[str, Sequence[Drawn]]:
    """Each of them in all the sizes it is served in, by its name."""
    here = Path(__file__).parent
    return {Path(file).stem: pictures.draw(kind, (here / file).read_bytes()) for file, kind in _FILES.items()}
