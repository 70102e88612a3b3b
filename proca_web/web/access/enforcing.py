"""What the routes declare is enforced here, or the app does not start.

Before a view runs: access, which reads nothing of the body and locks nothing; then the rate limit, what is looked at
for secrets, where a post comes from, and whether the second step is asked for again. After it: whether the answer may
be kept. No view does any of this by hand.
"""

from collections.abc import Mapping
from dataclasses import replace

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.routing import Rule as Route

from proca_web.config import ConfigError
from proca_web.web import secret_input
from proca_web.web.access import FRESH, LIMIT, MOST_UPLOADED, RULE, UPLOADS, Realm, Rule
from proca_web.web.login import is_staff_path
from proca_web.web.second_step import asking
from proca_web.web.security import hide_referrer, refuse_foreign_post

_EXTENSION = "proca_access"
_CHANGE_NOTHING = frozenset(("GET", "HEAD", "OPTIONS"))


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
        kept = _keep(response, rule.realm if rule else Realm.PUBLIC)
        return hide_referrer(kept) if rule and rule.is_secret else kept


def rules_of(app: Flask) -> Mapping[str, Rule]:
    """What each endpoint declares."""
    rules: Mapping[str, Rule] = app.extensions[_EXTENSION]
    return rules


def _rule_of(app: Flask, route: Route) -> Rule | None:
    view = app.view_functions.get(route.endpoint)
    rule: Rule | None = getattr(view, RULE, None)
    blueprint = app.blueprints.get(route.endpoint.rpartition(".")[0])
    no_secrets = isinstance(blueprint, secret_input.NoSecrets)
    fresh, uploads = getattr(view, FRESH, False), getattr(view, UPLOADS, False)
    return rule and replace(rule, limit=getattr(view, LIMIT, None), no_secrets=no_secrets, fresh=fresh, uploads=uploads)


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
    if rule.uploads:  # before anything reads the body
        request.max_content_length = MOST_UPLOADED
    if rule.no_secrets:
        secret_input.refuse_secrets(g.org.id)
    if request.method not in _CHANGE_NOTHING:
        _look_where_it_comes_from(rule.realm, csrf)
    return asking.ask_again() if rule.fresh else None  # last: what was sent may be shown, to be sent again


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
