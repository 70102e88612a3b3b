"""What an export holds: the contract's query filters, read strictly. What is not understood is refused by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.words import KeyRole
from proca_web.models import ActionPage, Campaign


@dataclass(frozen=True, slots=True)
class Filters:
    """What an export holds: the contract's query filters, with its defaults."""

    campaign: str | None = None
    page: str | None = None
    since: int = 0
    after: datetime | None = None
    limit: int | None = None
    only_opt_in: bool = False
    only_double_opt_in: bool = False
    include_testing: bool = False
    role: KeyRole = KeyRole.RECIPIENT


def read_filters(query: Mapping[str, str]) -> Filters:
    """Filters from a query string. Raises ValueError that names the field and the cure, unknown names too."""
    for name in query:
        if name not in _READERS:
            raise ValueError(f"{name[:40]}: there is no such filter; there are {', '.join(_READERS)}")
    known: dict[str, Any] = {}
    for name, read in _READERS.items():
        typed = query.get(name)
        if typed:
            try:
                known[name] = read(typed)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    return Filters(**known)


def check_names(session: Session, filters: Filters) -> None:
    """Raises ValueError where a filter names a campaign or page that does not exist: its export would look complete."""
    for name, typed, column in (
        ("campaign", filters.campaign, Campaign.name),
        ("page", filters.page, ActionPage.name),
    ):
        if typed is not None and session.scalar(select(column).where(column == typed)) is None:
            raise ValueError(f"{name}: there is none with the name {typed[:40]}")


def _read_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("must be a whole number")
    return int(text)


def _read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        # In UTC it may fall out of the years 1 to 9999.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time like 2026-01-31T12:00:00Z") from error


def _read_role(text: str) -> KeyRole:
    try:
        return KeyRole(text)
    except ValueError as error:
        raise ValueError(f"must be {' or '.join(KeyRole)}") from error


_READERS: dict[str, Callable[[str], Any]] = {
    "campaign": str,
    "page": str,
    "since": _read_count,
    "after": _read_time,
    "limit": _read_count,
    "only_opt_in": _read_bool,
    "only_double_opt_in": _read_bool,
    "include_testing": _read_bool,
    "role": _read_role,
}
