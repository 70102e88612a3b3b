"""What commands are given: the name of something that is there, one word of a few, a list."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting
from proca_web.models import ActionPage, Base, Campaign, Org

Named = TypeVar("Named", Org, Campaign, ActionPage)
_WHAT: dict[type[Base], str] = {Org: "org", Campaign: "campaign", ActionPage: "page"}


def named(session: Session, kind: type[Named], name: str) -> Named:
    """The org, campaign or page of that name. Raises BadSetting when there is none."""
    found = session.scalars(select(kind).where(kind.name == name)).first()
    if found is None:
        raise BadSetting(f"there is no {_WHAT[kind]} {name}")
    return found


def one_of(kind: type[StrEnum]) -> click.Choice[str]:
    """One of these words; click would take an enum's names instead."""
    return click.Choice([word.value for word in kind])


def moment(text: str, zone: str) -> datetime | None:
    """A day and hour in that time zone, unless the text says another; nothing: no date. Raises BadSetting."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f"{text!r} is no date; write it like 2027-03-31T20:00") from error
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def split(text: str) -> list[str]:
    """What stands between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def given_of(changes: Mapping[str, object]) -> dict[str, object]:
    """What an `edit` was given to change. Raises click.UsageError for nothing."""
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("say what to change; --help lists what there is")
    return given
