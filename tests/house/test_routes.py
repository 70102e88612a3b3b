"""Every route stands in these tables with who may use it and what a post must show; what is not declared is closed."""

import io
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from proca_web import app as factory
from proca_web.blueprints import BLUEPRINTS
from proca_web.config import ConfigError, Settings
from proca_web.web import access
from proca_web.web.access import Realm, rules_of
from tests import factories
from tests.factories import World

PUBLIC, DEMO, TOKEN, PROVIDER = "public", "demo_only", "token_holder", "provider"
SIGNING_IN, STAFF, MEMBER, OWNER, OPERATOR = "signing_in", "staff", "org_member", "org_owner", "operator"
OWN_PAGES, FORM_TOKEN, LINK, PROOF = Realm.PUBLIC, Realm.CONSOLE, Realm.LINK, Realm.HOOK
READ = {
    "/": PUBLIC,
    "/p/<page>": PUBLIC,
    "/p/<page>/sign": PUBLIC,
    "/p/<page>/check-inbox": PUBLIC,
    "/p/<page>/thanks": PUBLIC,
    "/p/<page>/count.json": PUBLIC,
    "/confirm/<token>": TOKEN,
    "/confirm/<token>/reject": TOKEN,
    "/confirm/<token>/unblock": TOKEN,
    "/consent/<wording_hash>": PUBLIC,
    "/withdraw/<token>": TOKEN,
    "/consent/<wording_hash>.txt": PUBLIC,
    "/keys": PUBLIC,
    "/keys.json": PUBLIC,
    "/keys/log.json": PUBLIC,
    "/login": SIGNING_IN,
    "/console/": STAFF,
    "/console/<org>/": MEMBER,
    "/console/<org>/campaigns": MEMBER,
    "/console/<org>/campaigns/<campaign>": MEMBER,
    "/console/<org>/exports": MEMBER,
    "/console/<org>/exports/contacts.csv": MEMBER,
    "/console/<org>/keys": OWNER,
    "/console/<org>/keys/new": OWNER,
    "/console/<org>/keys/<int:key_id>": OWNER,
    "/console/<org>/settings": OWNER,
    "/health": PUBLIC,
    "/metrics": PUBLIC,
    "/mailbox": DEMO,
    "/mailbox.json": DEMO,
    "/mailbox/<name>.html": DEMO,
    "/static/<path:filename>": PUBLIC,
}
# Who may post, and what the post must show: that it comes from our own pages, its form token, the link, or a proof.
POST = {
    "/p/<page>/sign": (PUBLIC, OWN_PAGES),
    "/confirm/<token>": (TOKEN, LINK),
    "/confirm/<token>/reject": (TOKEN, LINK),
    "/confirm/<token>/unblock": (TOKEN, LINK),
    "/withdraw/<token>": (TOKEN, LINK),
    "/api/v1/bounces/<provider>": (PROVIDER, PROOF),
    "/login": (SIGNING_IN, FORM_TOKEN),
    "/logout": (STAFF, FORM_TOKEN),
    "/console/<org>/keys": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/challenge": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/answer": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/activate": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/approve": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/cancel": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/discard": (OWNER, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/revoke": (OWNER, FORM_TOKEN),
    "/console/<org>/settings/mail/check": (OWNER, FORM_TOKEN),
    "/console/<org>/key-changes/<int:change_id>/approve": (OPERATOR, FORM_TOKEN),
}
TABLE = {("GET", path): who for path, who in READ.items()} | {("POST", path): who for path, (who, _) in POST.items()}
CONSOLE = [(method, path) for (method, path), who in TABLE.items() if who not in (PUBLIC, DEMO, TOKEN, PROVIDER)]
OUTSIDE = [route for route in TABLE if route not in CONSOLE]
TOKEN_POSTS = [path for path, (_, shown) in POST.items() if shown is FORM_TOKEN]
ADMIN, OPERATORS = "admin@org-one.example.org", "operator@example.org"


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


def at(path: str, org: str = "org-one", key: int = 1, token: str = "x") -> str:
    """A path of the tables, filled in."""
    parts = {
        "org": org,
        "int:key_id": str(key),
        "int:change_id": "1",
        "page": "trees",
        "campaign": "trees",
        "token": token,
        "wording_hash": "0" * 64,
        "name": "0",
        "provider": "postmark",
        "path:filename": "icon.svg",
    }
    for name, value in parts.items():
        path = path.replace(f"<{name}>", value)
    assert "<" not in path
    return path


def routes(app: Flask) -> Iterable[tuple[str, str, access.Rule]]:
    for route in app.url_map.iter_rules():
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, route.rule, rules_of(app)[route.endpoint]


def test_the_tables_are_the_url_map(app: Flask) -> None:
    assert {(method, path): rule.who for method, path, rule in routes(app)} == TABLE


def test_every_post_must_show_what_the_table_says(app: Flask) -> None:
    assert {path: rule.realm for method, path, rule in routes(app) if method == "POST"} == {
        path: shown for path, (_, shown) in POST.items()
    }


def test_no_key_route_reads_what_looks_like_a_secret(app: Flask) -> None:
    looked_at = {(method, path) for method, path, rule in routes(app) if rule.no_secrets}
    assert looked_at == {route for route, who in TABLE.items() if who in (OWNER, OPERATOR)}


def with_route(monkeypatch: pytest.MonkeyPatch, path: str, view) -> None:
    """Apps made from now on have one more route."""
    extra = Blueprint("extra", __name__)
    extra.get(path)(view)
    monkeypatch.setattr(factory, "BLUEPRINTS", (*BLUEPRINTS, extra))


def test_a_route_that_declares_no_access_stops_the_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with_route(monkeypatch, "/forgotten", lambda: "for everybody")
    with pytest.raises(ConfigError) as stopped:
        factory.create_app(settings, check=False)
    assert stopped.value.faults == ["the route /forgotten (extra.<lambda>) does not declare who may use it"]


@pytest.mark.parametrize(("path", "declare"), [("/console/open", access.public), ("/team", access.org_member)])
def test_sessions_and_public_pages_do_not_mix(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str, declare
) -> None:
    with_route(monkeypatch, path, declare(lambda: "somewhere else"))
    with pytest.raises(ConfigError, match=path):
        factory.create_app(settings, check=False)


def test_a_route_that_comes_after_the_start_is_closed(app: Flask) -> None:
    app.add_url_rule("/late", view_func=lambda: "for everybody")
    assert app.test_client().get("/late").status_code == 500


def test_access_is_declared_once() -> None:
    with pytest.raises(TypeError, match="declares access twice"):
        access.org_owner(access.public(lambda: "whose?"))


def test_nobody_keeps_an_answer_of_the_console(world: World) -> None:
    visitors = (world.app.test_client(), world.signed_in(ADMIN), world.signed_in(OPERATORS))
    asked = [(method, at(path, org)) for method, path in CONSOLE for org in ("org-one", "home", "nobody")]
    asked = [(method, path) for method, path in asked if path != "/logout"]
    asked += [("GET", "/console/org-one/nothing"), ("PUT", "/console/org-one/keys"), ("GET", "/console/org-one")]
    for method, path in asked:
        for visitor in visitors:
            answer = visitor.open(path, method=method, buffered=True)
            assert answer.headers["Cache-Control"] == "no-store", (method, path, answer.status_code)


@pytest.mark.parametrize("path", TOKEN_POSTS)
def test_a_console_post_without_its_form_token_is_refused(world: World, path: str) -> None:
    (key,) = world.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")[0]
    who = OPERATORS if POST[path][0] == OPERATOR else ADMIN
    target = at(path, "home" if who == OPERATORS else "org-one", key)
    before = world.query("SELECT status, proven_at FROM public_keys ORDER BY id")
    for token in ({}, {"csrf_token": "made-up"}):
        answer = world.signed_in(who).post(target, data={"really": "yes", **token})
        # The sign-in form is shown again, with a token of this session.
        assert answer.status_code == (422 if path == "/login" else 400)
        assert ("open for too long" if path == "/login" else "We did not understand that") in answer.text
    assert world.query("SELECT status, proven_at FROM public_keys ORDER BY id") == before
    assert world.signed_in(who).get("/console/").status_code == 303


@pytest.mark.parametrize("path", [path for path, (_, shown) in POST.items() if shown is OWN_PAGES])
def test_a_public_post_from_another_site_is_refused(world: World, path: str) -> None:
    answer = world.app.test_client().post(at(path), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_link_is_all_that_a_mailed_link_needs(world: World) -> None:
    client = world.app.test_client()
    world.sign(client)
    world.run("mail")
    assert client.post(world.link(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 303


def test_public_answers_set_no_cookie_and_read_none(world: World) -> None:
    for visitor in (world.app.test_client(), world.signed_in(ADMIN)):
        for method, path in [*OUTSIDE, ("GET", "/nothing"), ("PUT", "/p/<page>/sign")]:
            answer = visitor.open(at(path), method=method)
            assert "Set-Cookie" not in answer.headers, path
            assert "Cookie" not in answer.headers.get("Vary", ""), path
            assert "Cache-Control" in answer.headers, path


@pytest.mark.parametrize("token", ["x", "A" * 43])
def test_whatever_is_at_a_link_hides_its_address(world: World, token: str) -> None:
    for method, path in [route for route, who in TABLE.items() if who == TOKEN]:
        answer = world.app.test_client().open(at(path, token=token), method=method)
        hidden = (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"])
        assert hidden == ("no-referrer", "no-store", "noindex"), (method, path)


class Unread(io.BytesIO):
    """A body that must not be looked at."""

    def read(self, *_: int | None) -> bytes:
        raise AssertionError("the body was read")

    readinto = readline = readlines = read


def test_access_is_clear_before_the_body_is_read(world: World) -> None:
    sent = {"input_stream": Unread(), "content_length": 9, "content_type": "application/x-www-form-urlencoded"}
    stranger, other = world.app.test_client(), world.signed_in("admin@org-two.example.org")
    paths = [path for path in TOKEN_POSTS if path != "/login"]
    assert {path: stranger.post(at(path), **sent).status_code for path in paths} == dict.fromkeys(paths, 303)
    of_orgs = [path for path in paths if "<org>" in path]
    assert {path: other.post(at(path), **sent).status_code for path in of_orgs} == dict.fromkeys(of_orgs, 404)


def test_access_waits_for_nobody_who_writes(world: World, sqlite_url: str) -> None:
    admin = world.signed_in(ADMIN)
    writer = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert [admin.post(at(path)).status_code for path, (who, _) in POST.items() if who == OWNER] == [400] * 9
        assert admin.post("/console/org-two/keys").status_code == 404
    finally:
        writer.close()


ORGS = ("org-one", "org-two", "home", "nobody")


@pytest.mark.parametrize("path", [path for path, who in READ.items() if who == MEMBER])
def test_members_see_their_org_and_nobody_elses(world: World, path: str) -> None:
    stranger, member = world.app.test_client(), world.signed_in(ADMIN)
    assert {org: stranger.get(at(path, org)).status_code for org in ORGS} == dict.fromkeys(ORGS, 303)
    seen = {org: member.get(at(path, org)).status_code for org in ORGS}
    assert seen == {"org-one": 200, "org-two": 404, "home": 404, "nobody": 404}


@pytest.mark.parametrize(("method", "path"), [route for route, who in TABLE.items() if who in (OWNER, OPERATOR)])
def test_owners_act_for_their_org_alone(world: World, method: str, path: str) -> None:
    (key,) = world.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")[0]

    def answers(client: FlaskClient) -> dict[str, int]:
        return {org: client.open(at(path, org, key), method=method).status_code for org in ORGS}

    def let_in(client: FlaskClient) -> list[str]:
        """A post without its form token is refused, too, but not with 404."""
        return [org for org, status in answers(client).items() if status != 404]

    assert answers(world.app.test_client()) == dict.fromkeys(ORGS, 303)
    is_owners = TABLE[method, path] == OWNER
    assert let_in(world.signed_in(ADMIN)) == (["org-one"] if is_owners else [])
    assert let_in(world.signed_in(OPERATORS)) == ([] if is_owners else ["home"])
