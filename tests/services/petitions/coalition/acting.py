"""What the tests of a coalition look up again and again."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.models import ActionPage, Campaign, Org

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def trees(session: Session) -> Campaign:
    """The demo's campaign, led by org-one."""
    return session.scalars(select(Campaign)).one()


def org(session: Session, name: str) -> Org:
    """The org of that name."""
    return session.scalars(select(Org).where(Org.name == name)).one()


def page(session: Session, name: str = "trees-partner") -> ActionPage:
    """The page of that name."""
    return session.scalars(select(ActionPage).where(ActionPage.name == name)).one()
