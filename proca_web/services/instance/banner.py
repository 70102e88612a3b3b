"""The line that stands on every page while whoever runs the site has a word for everybody. Never about a person."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.models import Instance
from proca_web.services.petitions import names
from proca_web.services.staff import audit, outbox

LONGEST = 200
_TOO_LONG = N_("This is %(count)s characters long; at most %(most)s fit above a page on a phone.")
_CONTROL = N_("This holds characters that nobody can see. Please type it here.")


def checked(typed: str) -> str:
    """What is typed, as one line. Raises FieldsRefused."""
    line = " ".join(typed.split())
    if len(line) > LONGEST:
        raise FieldsRefused({"banner": Message(_TOO_LONG, {"count": len(line), "most": LONGEST})})
    try:
        names.check_line("the banner", line)
    except BadSetting as refusal:
        raise FieldsRefused({"banner": Message(_CONTROL)}) from refusal
    return line


def said(session: Session) -> str:
    """What stands there; empty: nothing."""
    return session.scalar(select(Instance.banner)) or ""


def put(session: Session, typed: str, user_id: int | None, now: datetime) -> None:
    """Show this line on every page, or none. Raises FieldsRefused."""
    line = checked(typed)
    instance = session.scalars(select(Instance).with_for_update()).one()
    home, before = outbox.home_id(session), instance.banner
    if before == line or home is None:
        return
    instance.banner = line
    audit.record(session, home, user_id, CampaignEvent.BANNER_CHANGED, {"banner": [before, line]}, now)
