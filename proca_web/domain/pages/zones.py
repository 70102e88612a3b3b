"""Time zones by the names of the zone database, as people look for them: by a place."""

import zoneinfo
from functools import cache

# What is no place where people live, or stands for another name.
_NO_PLACE = ("Etc/", "SystemV/", "US/", "posix/", "right/")
UTC = "UTC"


@cache
def names() -> tuple[str, ...]:
    """All zones to choose from; UTC first."""
    places = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(_NO_PLACE))
    return (UTC, *sorted(places))


def find(typed: str) -> str | None:
    """The zone of that name, or of that place where there is one alone."""
    wanted = typed.strip().replace(" ", "_").lower()
    if not wanted:
        return UTC
    whole = [name for name in names() if name.lower() == wanted]
    found = whole or [name for name in names() if name.lower().rpartition("/")[2] == wanted]
    return found[0] if len(found) == 1 else None
