"""Who may use a route: exactly one of these decorators stands on each, and a house test reads them."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from proca_web.models import Org, User
from proca_web.web.ratelimit import Limit

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)
View = Callable[P, R]


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Everybody; never sets a cookie."""
    return view


def token_holder(view: Callable[P, R]) -> Callable[P, R]:
    """Whoever holds the link: the token in the path is the authority."""
    return view


def staff(view: Callable[P, R]) -> Callable[P, ResponseReturnValue]:
    """Anybody who is signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("auth.login"), code=303)
        return view(*args, **kwargs)

    return guarded


def org_member(view: Callable[P, R]) -> Callable[P, ResponseReturnValue]:
    """Staff of the org in the path, which becomes `g.org`; 404 for strangers and for names that do not exist alike."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("auth.login"), code=303)
        g.org = _own_org(current_user, (request.view_args or {}).get("org", ""))
        return view(*args, **kwargs)

    return guarded


def org_owner(view: Callable[P, R]) -> Callable[P, ResponseReturnValue]:
    """Owners of the org in the path, which receives: not of the Home Org, which has no such keys. Else 404."""
    return _owning(view, of_home=False)


def operator(view: Callable[P, R]) -> Callable[P, ResponseReturnValue]:
    """Owners of the Home Org: who runs this instance. Else 404."""
    return _owning(view, of_home=True)


def demo_only(view: Callable[P, R]) -> Callable[P, R]:
    """Everybody, and only in the demo."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not current_app.config["MAILBOX_DIR"]:
            abort(404)
        return view(*args, **kwargs)

    return guarded


def limited(limit: Limit) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """At most so many calls a minute and network; beyond that TooManyRequests."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            limit.check(request)
            return view(*args, **kwargs)

        return guarded

    return decorate


def _owning(view: Callable[P, R], *, of_home: bool) -> Callable[P, ResponseReturnValue]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("auth.login"), code=303)
        name = (request.view_args or {}).get("org", "")
        owned = {place.org.name for place in current_user.memberships if place.role == "owner"}
        g.org = _own_org(current_user, name)
        if name not in owned or g.org.is_home is not of_home:
            abort(404)
        return view(*args, **kwargs)

    return guarded


def _own_org(user: User, name: str) -> Org:
    found = next((place.org for place in user.memberships if place.org.name == name), None)
    return found or abort(404)
