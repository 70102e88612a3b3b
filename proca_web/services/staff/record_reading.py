"""An org's record as it is looked through: newest first, by who, what, when and words; never the whole at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from proca_web.domain import record
from proca_web.domain.record import Subject
from proca_web.models import AuditEntry

A_PAGE = 50
_UTC = ZoneInfo("UTC")
_A_PIECE = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; `only_by`: whoever may see their own acts alone. Days are UTC, the last one included."""

    who: str = ""
    what: Subject | None = None
    words: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None
    only_by: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return replace(self, before=None, only_by=None) == Asked()


def page(session: Session, org_id: int, asked: Asked) -> tuple[Sequence[AuditEntry], int | None]:
    """The newest entries that were asked for, and the number below which there are more."""
    found = session.scalars(_newest_first(org_id, asked).limit(A_PAGE + 1)).all()
    shown = found[:A_PAGE]
    return shown, shown[-1].number if len(found) > len(shown) else None


def number(session: Session, org_id: int, asked: Asked) -> int:
    """How many entries there are of what was asked for."""
    where = _where(org_id, replace(asked, before=None))
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*where)) or 0


def all_of(session: Session, org_id: int, asked: Asked) -> Iterator[AuditEntry]:
    """All of them, the newest first."""
    before = None
    while found := session.scalars(_newest_first(org_id, replace(asked, before=before)).limit(_A_PIECE)).all():
        yield from found
        before = found[-1].number


def people(session: Session, org_id: int) -> Sequence[str]:
    """Whoever stands in the record, by address."""
    found = select(AuditEntry.actor).where(AuditEntry.org_id == org_id, AuditEntry.actor != "").distinct()
    return session.scalars(found.order_by(AuditEntry.actor)).all()


def _newest_first(org_id: int, asked: Asked) -> Select[AuditEntry]:
    return select(AuditEntry).where(*_where(org_id, asked)).order_by(AuditEntry.number.desc())


def _where(org_id: int, asked: Asked) -> list[ColumnElement[bool]]:
    where = [AuditEntry.org_id == org_id]
    if asked.only_by is not None:
        where.append(AuditEntry.user_id == asked.only_by)
    if asked.who:
        where.append(AuditEntry.actor == asked.who)
    if asked.what is not None:
        where.append(AuditEntry.event.in_(record.events_about(asked.what)))
    if asked.words:
        columns = (AuditEntry.actor, AuditEntry.event, AuditEntry.detail)
        where.append(or_(*(column.icontains(asked.words, autoescape=True) for column in columns)))
    if asked.since is not None:
        where.append(AuditEntry.at >= _midnight(asked.since))
    if asked.until is not None:
        where.append(AuditEntry.at < _midnight(asked.until) + timedelta(days=1))
    if asked.before is not None:
        where.append(AuditEntry.number < asked.before)
    return where


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _UTC)
