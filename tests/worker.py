"""The worker beside the browsers of tests: it has a key when one is needed, and accepts what was confirmed.

Every client that an app makes in a test has it. Who tests what happens in between takes `alone`.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from proca_web.domain.errors import Unavailable
from proca_web.jobs import accept as accepts
from proca_web.jobs import release, sweep, worker_keys
from proca_web.jobs.mail.post_office import send_mail

ACTS = {"accept": accepts.accept, "release": release.release, "mail": send_mail, "sweep": sweep.sweep}


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
            has_key(self.application)
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


def accept(app: Flask) -> None:
    """The worker accepts what was confirmed."""
    accepts.accept(app)
