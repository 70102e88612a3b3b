"""Who may use a route, and what comes with that: declared once on its view, enforced here, or the app does not start.

Before a view runs: access, which reads nothing of the body and locks nothing; then the rate limit, what is looked at
for secrets, and where a post comes from. After it: whether the answer may be kept. No view does any of this by hand.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.routing import Rule as Route

from proca_web.config import ConfigError
from proca_web.models import Org
from proca_web.web import errors, login, secret_input
from proca_web.web.arriving import client
from proca_web.web.login import is_staff_path
from proca_web.web.ratelimit import Limit
from proca_web.web.security import hide_referrer, refuse_foreign_post

V = TypeVar("V", bound=Callable[..., Any])

_EXTENSION = "proca_access"
_RULE, _LIMIT = "proca_rule", "proca_limit"
_CHANGE_NOTHING = frozenset(("GET", "HEAD", "OPTIONS"))


class Realm(Enum):
    """What a post must show, and what becomes of an answer."""

    PUBLIC = "public"  # no cookie: a post comes from our own pages, and an answer may say that it can be kept
    LINK = "link"  # the token in the path is the authority: nobody keeps the answer or learns its address
    HOOK = "hook"  # another program, which proves itself to the view: nobody keeps the answer
    CONSOLE = "console"  # a session: a post shows its form token, and nobody keeps the answer


@dataclass(frozen=True, slots=True)
class Rule:
    """What one route declares."""

    who: str
    realm: Realm
    admit: Callable[[], ResponseReturnValue | None]
    limit: Limit | None = None
    no_secrets: bool = False


def public(view: V) -> V:
    """Everybody; never sets a cookie."""
    return _declare(view, Rule("public", Realm.PUBLIC, _everybody))


def demo_only(view: V) -> V:
    """In the demo only: whoever sits at this machine, and whoever has the key that the demo printed."""
    return _declare(view, Rule("demo_only", Realm.PUBLIC, _in_the_demo))


def token_holder(view: V) -> V:
    """Whoever holds the link: the token in the path is the authority."""
    return _declare(view, Rule("token_holder", Realm.LINK, _everybody))


def provider(view: V) -> V:
    """A mail provider, by a proof of its own that may need the body: the view asks for it before anything else."""
    return _declare(view, Rule("provider", Realm.HOOK, _everybody))


def signing_in(view: V) -> V:
    """Everybody, on the way into the console: the form is tied to the browser that got it."""
    return _declare(view, Rule("signing_in", Realm.CONSOLE, _everybody))


def staff(view: V) -> V:
    """Anybody who is signed in."""
    return _declare(view, Rule("staff", Realm.CONSOLE, _signed_in))


def org_member(view: V) -> V:
    """Staff of the org in the path, which becomes `g.org`; 404 for strangers and for names that do not exist alike."""
    return _declare(view, Rule("org_member", Realm.CONSOLE, _member))


def org_owner(view: V) -> V:
    """Owners of the org in the path, which receives: not of the Home Org, which has no such keys. Else 404."""
    return _declare(view, Rule("org_owner", Realm.CONSOLE, lambda: _owner(of_home=False)))


def operator(view: V) -> V:
    """Owners of the Home Org: who runs this instance. Else 404."""
    return _declare(view, Rule("operator", Realm.CONSOLE, lambda: _owner(of_home=True)))


def limited(limit: Limit) -> Callable[[V], V]:
    """At most so many calls a minute and network; beyond that TooManyRequests."""

    def decorate(view: V) -> V:
        setattr(view, _LIMIT, limit)
        return view

    return decorate


def init_app(app: Flask, csrf: CSRFProtect) -> None:
    """Enforce what the routes declare; comes after the last of them. Raises ConfigError that names who does not."""
    declared = [(route, _rule_of(app, route)) for route in app.url_map.iter_rules()]
    faults = [fault for route, rule in declared for fault in _faults(route, rule)]
    if faults:
        raise ConfigError(faults)
    rules = {route.endpoint: rule for route, rule in declared if rule is not None}
    app.extensions[_EXTENSION] = rules

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        route = request.url_rule
        if route is None or _is_answered_by_flask(route):
            return None
        return _enforce(rules[route.endpoint], csrf)

    @app.after_request
    def keep(response: Response) -> Response:
        rule = rules.get(request.endpoint or "")
        return _keep(response, rule.realm if rule else Realm.PUBLIC)


def rules_of(app: Flask) -> Mapping[str, Rule]:
    """What each endpoint declares."""
    rules: Mapping[str, Rule] = app.extensions[_EXTENSION]
    return rules


def _declare(view: V, rule: Rule) -> V:
    if hasattr(view, _RULE):
        raise TypeError(f"{view.__qualname__} declares access twice")
    setattr(view, _RULE, rule)
    return view


def _rule_of(app: Flask, route: Route) -> Rule | None:
    view = app.view_functions.get(route.endpoint)
    rule: Rule | None = getattr(view, _RULE, None)
    blueprint = app.blueprints.get(route.endpoint.rpartition(".")[0])
    no_secrets = isinstance(blueprint, secret_input.NoSecrets)
    return rule and replace(rule, limit=getattr(view, _LIMIT, None), no_secrets=no_secrets)


def _faults(route: Route, rule: Rule | None) -> list[str]:
    if rule is None:
        return [f"the route {route.rule} ({route.endpoint}) does not declare who may use it"]
    if (rule.realm is Realm.CONSOLE) is not is_staff_path(route.rule):
        return [f"the route {route.rule} ({route.endpoint}) is for {rule.who}: sessions do not belong to its path so"]
    return []


def _is_answered_by_flask(route: Route) -> bool:
    """OPTIONS, unless a view takes that itself."""
    return request.method == "OPTIONS" and getattr(route, "provide_automatic_options", False)


def _enforce(rule: Rule, csrf: CSRFProtect) -> ResponseReturnValue | None:
    turned_away = rule.admit()
    if turned_away is not None:
        return turned_away
    if rule.limit is not None:
        rule.limit.check(request)
    if rule.no_secrets:
        secret_input.refuse_secrets(g.org.id)
    if request.method not in _CHANGE_NOTHING:
        _look_where_it_comes_from(rule.realm, csrf)
    return None


def _look_where_it_comes_from(realm: Realm, csrf: CSRFProtect) -> None:
    if realm is Realm.PUBLIC:
        refuse_foreign_post(current_app.config["PUBLIC_URL"])
    elif realm is Realm.CONSOLE:
        refuse_foreign_post(current_app.config["PUBLIC_URL"], with_token=True)
        csrf.protect()


def _keep(response: Response, realm: Realm) -> Response:
    if realm is Realm.PUBLIC:
        response.headers.setdefault("Cache-Control", "no-store")
    else:
        response.headers["Cache-Control"] = "no-store"
    return hide_referrer(response) if realm is Realm.LINK else response


def _everybody() -> None:
    return None


def _in_the_demo() -> ResponseReturnValue | None:
    folder: Path | None = current_app.config["MAILBOX_DIR"]
    if not folder:
        abort(404)
    if client.is_at_this_machine(request) or _has_key_of(folder.parent / "demo.json"):
        return None
    return errors.answer(
        403,
        gettext("This mailbox needs its key"),
        gettext("From another computer, please open the mailbox under the whole address that the demo printed."),
    )


def _has_key_of(plan: Path) -> bool:
    try:
        key = str(json.loads(plan.read_text("utf-8"))["mailbox_key"])
    except (OSError, ValueError, KeyError):
        return False
    return secrets.compare_digest(key.encode(), request.args.get("key", "").encode())


def _signed_in() -> ResponseReturnValue | None:
    if current_user.is_authenticated:
        return None
    if request.method == "GET":
        login.remember_way(session, request.full_path.rstrip("?"))
    return redirect(url_for("auth.login"), code=303)


def _member() -> ResponseReturnValue | None:
    turned_away = _signed_in()
    if turned_away is None:
        g.org = _own_org(any_role=True)
    return turned_away


def _owner(*, of_home: bool) -> ResponseReturnValue | None:
    turned_away = _signed_in()
    if turned_away is None:
        g.org = _own_org(any_role=False)
        if g.org.is_home is not of_home:
            abort(404)
    return turned_away


def _own_org(*, any_role: bool) -> Org:
    name = (request.view_args or {}).get("org", "")
    places = (place for place in current_user.memberships if any_role or place.role == "owner")
    found: Org | None = next((place.org for place in places if place.org.name == name), None)
    return found or abort(404)
