"""The one door to the pictures of pages: an upload becomes a picture of the org, or a sentence why not."""

from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message

_ROOM = "proca_web.services.petitions.showing.pictures"


def store(session: Session, org_id: int, upload: bytes, now: datetime) -> int:
    """Keep a main picture; its number. Raises FieldsRefused."""
    if find_spec(_ROOM) is None:
        raise FieldsRefused({"picture": Message(N_("Pictures cannot be taken here yet."))})
    picture: int = import_module(_ROOM).store(session, org_id, PictureKind.HERO, upload, now).id
    return picture
