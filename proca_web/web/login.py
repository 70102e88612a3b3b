"""Staff sessions through Flask-Login: a signed cookie on console and sign-in pages only.

Public paths never read and never set it; that is decided here, by path, and nowhere else.
"""

from collections.abc import Sequence

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin

from proca_web.adapters.database import reading
from proca_web.models import Membership, User
from proca_web.services.staff import people


class SignedIn(UserMixin):
    """A user as Flask-Login wants one; tells the console who and in which orgs."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.id = f"{user.id}-{_mark(user)}"

    @property
    def memberships(self) -> list[Membership]:
        """The user's places in orgs."""
        return self.user.memberships

    @property
    def email(self) -> str:
        """The user's address."""
        return self.user.email


_WAY, _LONGEST_WAY = "way", 1000
_STAFF_PATHS = ("/console/", "/login", "/logout")


def is_staff_path(path: str) -> bool:
    """Whether a session is read and kept at a path; asked by path, because a session is opened before routing."""
    return path.startswith(_STAFF_PATHS)


def remember_way(session: SessionMixin, path: str) -> None:
    """Where somebody was going who must sign in first; the cookie is signed, so nobody else puts a way there."""
    if len(path) <= _LONGEST_WAY:
        session[_WAY] = path


def take_way(session: SessionMixin, memberships: Sequence[Membership]) -> str | None:
    """Where that was, if it is a page of this person's own orgs; asked once."""
    path = str(session.pop(_WAY, ""))
    ours = (f"/console/{place.org.name}" for place in memberships)
    return path if any(path == own or path.startswith(f"{own}/") for own in ours) else None


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
    """Bind the manager; a changed password ends every session."""
    app.session_interface = StaffSessions()
    manager.init_app(app)
    manager.session_protection = None
    manager.user_loader(load)


def load(session_id: str) -> SignedIn | None:
    """The user of a session, or None when it ended."""
    user_id, _, mark = session_id.partition("-")
    if not user_id.isdigit():
        return None
    with reading() as session:
        user = people.load_user(session, int(user_id))
    return SignedIn(user) if user is not None and _mark(user) == mark else None


def _mark(user: User) -> str:
    """A few characters of the hash's salt: they change with the password."""
    return user.password_hash.rpartition("$")[2][-12:]
