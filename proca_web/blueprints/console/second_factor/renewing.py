"""After somebody's second step changed: all their sessions have ended, and a new one begins where they did it."""

from collections.abc import Sequence

from flask import current_app
from flask import session as cookie
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.extensions import queue
from proca_web.web import login
from proca_web.web.second_step import halfway


def renew(codes: Sequence[str] = ()) -> None:
    """Sign in again, proven just now; remembers where they were going, and new recovery codes until they are kept."""
    user_id, way = current_user.user.id, login.take_way(cookie, current_user.memberships)
    login.begin(current_app, user_id, clock.now())
    login.remember_way(cookie, way or "")
    if codes:
        halfway.keep_codes(cookie, user_id, codes, clock.now())
    queue.wake("mail")
