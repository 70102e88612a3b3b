"""Staff sessions through Flask-Login: a signed cookie on console and sign-in pages only, and a row for each.

Public paths never read and never set it; that is decided here, by path, and nowhere else.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from flask import Flask, Request, Response, after_this_request, g, request
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.config import Settings
from proca_web.domain import rights
from proca_web.domain.errors import Unavailable
from proca_web.domain.messages import STAFF_LANGUAGES
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Membership, Org, StaffSession
from proca_web.services.staff import sessions
from proca_web.services.staff.account import arriving, devices
from proca_web.services.staff.account.devices import Caller
from proca_web.web.arriving import device, known


class SignedIn(UserMixin):
    """A user as Flask-Login wants one; tells the console who, in which browser, and what they may do where."""

    def __init__(self, token: str, place: StaffSession) -> None:
        self.id = token
        self.place = place
        self.user = place.user

    @property
    def memberships(self) -> list[Membership]:
        """The user's places in orgs."""
        return self.user.memberships

    @property
    def email(self) -> str:
        """The user's address."""
        return self.user.email

    @property
    def is_operator(self) -> bool:
        """Whether this person runs the instance."""
        return any(place.role == StaffRole.OPERATOR for place in self.memberships)

    def rights_in(self, org: Org) -> frozenset[Right]:
        """What this person may do in that org: by their place there, and as an operator everywhere.

        Whose org is locked can only look.
        """
        roles = {StaffRole(place.role) for place in self.memberships if place.org_id == org.id}
        roles |= {StaffRole.OPERATOR} if self.is_operator else set()
        held = frozenset().union(*(rights.TABLE[role] for role in roles))
        if org.locked_at is not None and not self.is_operator:
            held &= rights.OF_LOCKED
        return frozenset(right for right in held if rights.exists(right, at_home=org.is_home))


_WAY, _LONGEST_WAY = "way", 1000
TOLD = "told"  # what the sign-in page says first, once
_STAFF_PATHS = ("/console/", "/login", "/logout", "/forgot", "/reset/", "/invitation/", "/partnership/", "/account/")
POLLING = "poll"  # a page that only asks whether there is news keeps nobody signed in


def is_staff_path(path: str) -> bool:
    """Whether a session is read and kept at a path; asked by path, because a session is opened before routing."""
    return path.startswith(_STAFF_PATHS)


def remember_way(session: SessionMixin, path: str) -> None:
    """Where somebody was going who must sign in first; the cookie is signed, so nobody else puts a way there."""
    if len(path) <= _LONGEST_WAY:
        session[_WAY] = path


def take_way(session: SessionMixin, memberships: Sequence[Membership]) -> str | None:
    """Where that was, if it is a page of this person's own orgs, or an invitation; asked once."""
    path = str(session.pop(_WAY, ""))
    ours = (f"/console/{place.org.name}" for place in memberships)
    is_invited = path.startswith(("/invitation/", "/partnership/"))
    return path if is_invited or any(path == own or path.startswith(f"{own}/") for own in ours) else None


class StaffSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for staff paths; elsewhere a session that is forgotten with the request."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The cookie's content on a staff path, else nothing."""
        return super().open_session(app, request) if is_staff_path(request.path) else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where it may have changed; public answers have no Set-Cookie and no Vary: Cookie."""
        if is_staff_path(request.path):
            super().save_session(app, session, response)


def init_app(app: Flask, manager: LoginManager) -> None:
    """Bind the manager."""
    app.session_interface = StaffSessions()
    manager.init_app(app)
    manager.session_protection = None
    manager.user_loader(load)


def begin(app: Flask, user_id: int, factor_at: datetime | None = None) -> None:
    """Somebody signed in: a session of its own, whatever the browser held before is forgotten.

    `factor_at`: when they took their second step, if they did. The browser is known from now on; one that is new to the
    account is told to its holder.
    """
    where = caller(app)
    browser = where.browser or devices.new_token()
    here = (device.in_words(request), device.network(request, _settings(app).trusted_proxies))
    with writing() as written:
        now = clock.now()
        token = sessions.start(written, user_id, *here, now, factor_at)
        arriving.signed_in(written, _settings(app).secret_keys, user_id, replace(where, browser=browser), here, now)
    _remember_browser(app, browser)
    _put(token)


def begin_anew(app: Flask) -> None:
    """All sessions of whoever is signed in were ended: one more, with another token, for this browser."""
    here = (device.in_words(request), device.network(request, _settings(app).trusted_proxies))
    before = current_user.place
    with writing() as written:
        token = sessions.start(written, before.user_id, *here, clock.now(), before.factor_at)
    _put(token)


def make_known(app: Flask, user_id: int) -> None:
    """Somebody proved by their mailbox whose this browser is: it is known, though nobody is signed in."""
    where = caller(app)
    browser = where.browser or devices.new_token()
    with writing() as written:
        devices.remember(written, _settings(app).secret_keys, user_id, Caller(browser=browser), clock.now())
    _remember_browser(app, browser)


def caller(app: Flask) -> Caller:
    """Where this request comes from, for what is counted."""
    settings = _settings(app)
    return known.caller(request, settings.trusted_proxies, https=settings.is_https)


def end() -> None:
    """Whoever is signed in signs out, here and wherever else they are."""
    with writing() as written:
        arriving.signed_out(written, current_user.user.id, clock.now())
    logout_user()
    cookie.clear()


def _settings(app: Flask) -> Settings:
    settings: Settings = app.extensions["proca_settings"]
    return settings


def _remember_browser(app: Flask, browser: str) -> None:
    https = _settings(app).is_https

    @after_this_request
    def keep(response: Response) -> Response:
        known.keep(response, browser, https=https)
        return response


def _put(token: str) -> None:
    cookie.clear()
    cookie.permanent = True
    cookie["mark"] = secrets.token_urlsafe(16)  # what a proof of possession is bound to
    found = load(token)
    if found is not None:
        login_user(found)


def load(token: str) -> SignedIn | None:
    """Who is signed in by that cookie, or None when it ended; that it was used is written down once a minute."""
    now = clock.now()
    with reading() as session:
        place = sessions.load(session, token, now)
    if place is None:
        return None
    if sessions.is_to_be_seen(place, now) and request.headers.get("HX-Trigger") != POLLING:
        with suppress(Unavailable), writing() as session:  # whoever may look is not kept from it by this
            sessions.seen(session, place.id, now)
    if place.user.locale in STAFF_LANGUAGES:
        g.locale = place.user.locale
    return SignedIn(token, place)
