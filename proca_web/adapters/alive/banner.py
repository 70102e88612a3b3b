"""The operator's line on every page: read at most once in two seconds and process, as pages are."""

from time import monotonic

from flask import current_app, g
from sqlalchemy import select

from proca_web.adapters.database import reading
from proca_web.domain.errors import Unavailable
from proca_web.models import Instance

_EXTENSION = "proca_banner"
_SECONDS = 2.0


def forget() -> None:
    """Whoever changed it sees it at once; other processes within two seconds."""
    current_app.extensions.pop(_EXTENSION, None)


def banner() -> str:
    """What stands there now; while the database is away, what stood there last."""
    until, text = current_app.extensions.get(_EXTENSION, (0.0, ""))
    now = monotonic()
    if until < now and not g.get("is_away"):
        try:
            with reading() as session:
                text = session.scalar(select(Instance.banner)) or ""
        except Unavailable:
            pass  # a page that says what is wrong is shown all the same
        current_app.extensions[_EXTENSION] = (now + _SECONDS, text)
    return str(text)
