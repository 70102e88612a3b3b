"""An org's logo as its mails carry it: the smallest PNG that is sharp enough; no other kind is shown everywhere."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PictureKind
from proca_web.models import Image, Picture

SHARP = 96  # twice as high as it is shown


def png_of(session: Session, org_id: int) -> bytes:
    """The bytes of the org's logo; empty where it has none."""
    where = (Picture.org_id == org_id, Picture.kind == PictureKind.LOGO)
    sizes = session.scalars(select(Picture.sizes).where(*where)).first() or []
    sizes = sorted((size for size in sizes if size["type"] == "image/png"), key=lambda size: int(size["height"]))
    if not sizes:
        return b""
    chosen = next((size for size in sizes if size["height"] >= SHARP), sizes[-1])
    return session.scalar(select(Image.content).where(Image.sha256 == chosen["sha256"])) or b""
