"""How many people's copies an org holds: what its exports give, and what is lost with its keys. Reads only.

Counted up to a number that one read affords; beyond it nobody needs the exact one on a page.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.domain.words import KeyRole
from proca_web.models import Action, Contact

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Holdings:
    """People whose copies an export gives, and deletions it tells of; `more`: there are more than were counted."""

    people: int
    deletions: int
    more: bool


def of(session: Session, org_id: int) -> Holdings:
    """What was released to an org, test signatures aside."""
    released = (
        select(Contact.erased)
        .join(Action, Action.id == Contact.action_id)
        .where(Contact.org_id == org_id, Contact.role == KeyRole.RECIPIENT, Contact.seq.is_not(None), ~Action.testing)
        .order_by(Contact.seq)
        .limit(MOST + 1)
        .subquery()
    )
    kinds = session.execute(select(released.c.erased, func.count()).group_by(released.c.erased)).all()
    numbers = {bool(erased): number for erased, number in kinds}
    more = sum(numbers.values()) > MOST
    return Holdings(min(numbers.get(False, 0), MOST), numbers.get(True, 0), more)
