"""Somebody says who they are: the try is counted before it is looked at, each time in a short write of its own."""

from flask import current_app

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.staff_words import TryKind
from proca_web.services.staff.account import throttle
from proca_web.services.staff.account.throttle import Try
from proca_web.web import login


def count(kind: TryKind, address: str, user_id: int | None) -> Try:
    """Count it, whether the account exists or not. Raises TooManyTries while this one has to wait."""
    keys = current_app.extensions["proca_settings"].secret_keys
    with writing() as session:
        return throttle.refuse_or_count(session, kind, keys, address, user_id, login.caller(current_app), clock.now())


def settle(tried: Try, user_id: int | None, *, is_right: bool) -> None:
    """How it ended."""
    with writing() as session:
        if is_right:
            throttle.succeeded(session, tried)
        else:
            throttle.failed(session, tried, user_id, clock.now())
