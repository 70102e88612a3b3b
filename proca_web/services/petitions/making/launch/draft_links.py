"""A link to a page that is not published, for people without an account. What opens it is stored nowhere."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import UnknownToken
from proca_web.models import ActionPage
from proca_web.services.staff import audit

GOOD_FOR = timedelta(days=14)
_SALT = "draft-link"


def make(
    session: Session, secret_keys: Sequence[str], page: ActionPage, org_id: int, user_id: int | None, now: datetime
) -> str:
    """What the link ends with; that it was made stands in the record of the org that asked."""
    audit.record(session, org_id, user_id, CampaignEvent.DRAFT_LINK, {"page": page.name}, now)
    token: str = _signer(secret_keys).dumps([page.id, int((now + GOOD_FOR).timestamp())])
    return token


def page_of(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> tuple[ActionPage, datetime]:
    """The page that a link shows, and until when. Raises UnknownToken for one that is not ours, or is over."""
    try:
        page_id, until = _signer(secret_keys).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise UnknownToken from None
    page = session.get(ActionPage, page_id)
    if page is None or now.timestamp() >= until:
        raise UnknownToken
    return page, datetime.fromtimestamp(until, UTC)


def _signer(secret_keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(secret_keys)), salt=_SALT)  # the last one signs, all of them open
