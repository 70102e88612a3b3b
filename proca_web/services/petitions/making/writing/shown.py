"""A page as it would be shown if it were live at this moment, with the wording that it would have. Stores nothing."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.pages.wording import Translate
from proca_web.models import ActionPage
from proca_web.services.petitions import views, wordings
from proca_web.services.petitions.views import PageView
from proca_web.services.sealing.vouching import Vouching


def as_live(session: Session, page: ActionPage, translate: Translate, vouching: Vouching, now: datetime) -> PageView:
    """What people would see."""
    wording = wordings.compose(session, page, translate, vouching, now)
    seen = views.read(session, page.slug, vouching, now)
    shown = replace(seen.facts, plan=(), wording=wording.hash)
    asked = {receiver.field for receiver in shown.asks}
    boxes = tuple(box for box in wording.boxes if box.field in asked)
    return replace(seen, facts=shown, wording=replace(wording, boxes=boxes))
