"""The worker beside the browsers of tests: it has a key when one is needed, and accepts what was confirmed.

Every client that an app makes in a test has it. Who tests what happens in between takes `alone`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.domain.errors import Unavailable
from proca_web.jobs import accept as accepts
from proca_web.jobs import keys, release, sweep, worker_keys
from proca_web.jobs.mail.post_office import send_mail


def housekeep(app: Flask, *names: str) -> None:
    """Steps of the sweep by their names, or those about keys: for who asks what one of them does, not whether it runs.

    Unlike in the sweep, a step that fails is a failure.
    """
    with app.app_context():
        now = clock.now()
        acts = {"keys": lambda: [act() for _, act in keys.steps(app, now)], **dict(sweep.steps(app, now))}
        for name in names:
            acts[name]()


ACTS = {"accept": accepts.accept, "release": release.release, "mail": send_mail, "sweep": sweep.sweep}


LOOKS_AGAIN = timedelta(minutes=5)


class Browser(FlaskClient):
    """A browser, and a worker that runs meanwhile."""

    # Whoever sits at it has not been away, however far a test moves the clock.
    keeps_awake: Callable[[], None] | None = None

    def open(self, *args: Any, **named: Any) -> Any:
        """Any request."""
        if self.keeps_awake is not None:
            self.keeps_awake()
        return super().open(*args, **named)

    def post(self, *args: Any, **named: Any) -> Any:
        """POST; what was confirmed by it is accepted when this returns."""
        path = str(args[0]) if args else ""
        if path.startswith(("/p/", "/draft/", "/confirm/")):
            keeps_key(self.application)
        answer = super().post(*args, **named)
        if answer.status_code == 303 and answer.location.endswith("/thanks"):
            accept(self.application)
        return answer


def alone(app: Flask) -> FlaskClient:
    """A browser while no worker runs."""
    return FlaskClient(app, app.response_class, use_cookies=True)


def has_key(app: Flask) -> None:
    """The worker makes its hourly key, if its keyring is there."""
    with suppress(Unavailable), app.app_context():
        worker_keys.renew(app)


def keeps_key(app: Flask) -> None:
    """The same, once in some minutes; again at once where it could not."""
    looked, now = app.extensions.get("looked_for_key"), clock.now()
    if looked is None or abs(now - looked) > LOOKS_AGAIN:
        with suppress(Unavailable), app.app_context():
            worker_keys.renew(app)
            app.extensions["looked_for_key"] = now


def accept(app: Flask) -> None:
    """The worker accepts what was confirmed."""
    accepts.accept(app)
