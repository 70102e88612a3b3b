"""An org's logo as its mails carry it: a PNG, which every mail program shows."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PictureKind
from proca_web.models import Image, Picture


def png_of(session: Session, org_id: int) -> bytes:
    """The bytes of the org's logo; empty where it has none."""
    where = (Picture.org_id == org_id, Picture.kind == PictureKind.LOGO)
    sizes = session.scalars(select(Picture.sizes).where(*where)).first() or []
    chosen = next((size for size in sizes if size["use"] == "mail" and size["type"] == "image/png"), None)
    if chosen is None:
        return b""
    return session.scalar(select(Image.content).where(Image.sha256 == chosen["sha256"])) or b""
