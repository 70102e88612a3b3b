"""Every route stands in these tables with who may use it and what a post must show; what is not declared is closed."""

import io
import re
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from proca_web import app as factory
from proca_web.adapters.database import writing
from proca_web.blueprints import BLUEPRINTS
from proca_web.config import ConfigError, Settings
from proca_web.domain import rights
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import db
from proca_web.models import Org
from proca_web.services.staff import people
from proca_web.web import access
from proca_web.web.access import Realm, Rule, admitting
from proca_web.web.access.enforcing import rules_of
from tests import factories
from tests.factories import World

PUBLIC, DEMO, TOKEN, PROVIDER = "public", "demo_only", "token_holder", "provider"
SIGNING_IN, STAFF, MAILED = "signing_in", "staff", "mailed_to_staff"
NUMBERS, EXPORTS, KEYS = {Right.NUMBERS}, {Right.EXPORTS}, {Right.KEYS}
SECOND_YES, OWN_ACTS, SETTINGS = {Right.SECOND_YES}, {Right.OWN_ACTS}, {Right.SETTINGS}
PEOPLE, ACCOUNTS, INSTANCE = {Right.PEOPLE}, {Right.ACCOUNTS}, {Right.INSTANCE, Right.ACCOUNTS}
SITE = {Right.INSTANCE}
TEXTS, CAMPAIGNS, WRITE_ALL = {Right.TEXTS}, {Right.CAMPAIGNS}, {Right.CAMPAIGNS, Right.TEXTS}
OWN_PAGES, FORM_TOKEN, LINK, PROOF = Realm.PUBLIC, Realm.CONSOLE, Realm.LINK, Realm.HOOK
READ = {
    "/": PUBLIC,
    "/p/<page>": PUBLIC,
    "/p/<page>/sign": PUBLIC,
    "/p/<page>/check-inbox": PUBLIC,
    "/p/<page>/thanks": PUBLIC,
    "/p/<page>/count.json": PUBLIC,
    "/p/<page>/comments": PUBLIC,
    "/p/<page>/feed.xml": PUBLIC,
    "/p/<page>/sheet": PUBLIC,
    "/draft/<token>": TOKEN,
    "/confirm/<token>": TOKEN,
    "/confirm/<token>/reject": TOKEN,
    "/confirm/<token>/unblock": TOKEN,
    "/consent/<wording_hash>": PUBLIC,
    "/withdraw/<token>": TOKEN,
    "/consent/<wording_hash>.txt": PUBLIC,
    "/keys": PUBLIC,
    "/keys.json": PUBLIC,
    "/keys/log.json": PUBLIC,
    "/image/<sha256>.<ext>": PUBLIC,
    "/login": SIGNING_IN,
    "/forgot": SIGNING_IN,
    "/forgot/sent": SIGNING_IN,
    "/reset/<token>": MAILED,
    "/account/": STAFF,
    "/account/password": STAFF,
    "/account/address/<token>": MAILED,
    "/login/code": SIGNING_IN,
    "/login/passkey": SIGNING_IN,
    "/account/second-step": STAFF,
    "/account/second-step/app": STAFF,
    "/account/second-step/codes": STAFF,
    "/account/second-step/codes.txt": STAFF,
    "/account/second-step/passkeys": STAFF,
    "/account/second-step/passkeys/options": STAFF,
    "/account/step-up": STAFF,
    "/account/step-up/passkey": STAFF,
    "/console/<org>/people/<int:user_id>/second-step": ACCOUNTS,
    "/console/": STAFF,
    "/console/<org>/": NUMBERS,
    "/console/<org>/campaigns": NUMBERS,
    "/console/<org>/campaigns/<campaign>": NUMBERS,
    "/console/<org>/campaigns/<campaign>/mails": TEXTS,
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>/preview": TEXTS,
    "/console/<org>/campaigns/new": WRITE_ALL,
    "/console/<org>/campaigns/<campaign>/pages": NUMBERS,
    "/console/<org>/campaigns/<campaign>/pages/<page>": TEXTS,
    "/console/<org>/campaigns/<campaign>/pages/<page>/preview": NUMBERS,
    "/console/<org>/campaigns/<campaign>/pages/<page>/shown": NUMBERS,
    "/console/<org>/campaigns/<campaign>/pages/<page>/end": CAMPAIGNS,
    "/console/<org>/campaigns/<campaign>/end": CAMPAIGNS,
    "/console/<org>/campaigns/<campaign>/elsewhere": CAMPAIGNS,
    "/console/<org>/pages": NUMBERS,
    "/console/<org>/campaigns/<campaign>/launch": CAMPAIGNS,
    "/console/<org>/campaigns/<campaign>/partners": CAMPAIGNS,
    "/console/<org>/campaigns/<campaign>/partners/pages/<page>": CAMPAIGNS,
    "/console/<org>/campaigns/<campaign>/partners/<member>/end": CAMPAIGNS,
    "/console/<org>/partnerships": CAMPAIGNS,
    "/partnership/<token>": MAILED,
    "/console/<org>/campaigns/<campaign>/numbers": NUMBERS,
    "/console/<org>/campaigns/<campaign>/numbers.csv": NUMBERS,
    "/console/<org>/campaigns/<campaign>/news": TEXTS,
    "/console/<org>/campaigns/<campaign>/news/<int:news_id>": TEXTS,
    "/console/<org>/campaigns/<campaign>/news/<int:news_id>/remove": TEXTS,
    "/console/<org>/campaigns/<campaign>/comments": TEXTS,
    "/console/<org>/exports": EXPORTS,
    "/console/<org>/exports/contacts.csv": EXPORTS,
    "/console/<org>/audit": OWN_ACTS,
    "/console/<org>/audit.csv": OWN_ACTS,
    "/console/<org>/keys": KEYS,
    "/console/<org>/keys/new": KEYS,
    "/console/<org>/keys/<int:key_id>": KEYS,
    "/console/<org>/settings": SETTINGS,
    "/console/<org>/settings/server": SETTINGS,
    "/console/<org>/people": ACCOUNTS,
    "/console/<org>/people/<int:user_id>": PEOPLE,
    "/console/<org>/leave": NUMBERS,
    "/console/<org>/organisations": INSTANCE,
    "/console/<org>/organisations/<int:org_id>": INSTANCE,
    "/console/<org>/all-campaigns": SITE,
    "/console/<org>/all-pages": SITE,
    "/console/<org>/banner": SITE,
    "/console/<org>/test-mail": SITE,
    "/console/<org>/accounts": INSTANCE,
    "/console/<org>/accounts/<int:user_id>": INSTANCE,
    "/invitation/<token>": SIGNING_IN,
    "/health": PUBLIC,
    "/metrics": PUBLIC,
    "/mailbox": DEMO,
    "/mailbox.json": DEMO,
    "/mailbox/<name>.html": DEMO,
    "/static/<path:filename>": PUBLIC,
}
# Of the org that leads the campaign alone.
LED = {("GET", f"/console/<org>/campaigns/<campaign>/{place}") for place in ("end", "elsewhere")}
# Who may post, and what the post must show: that it comes from our own pages, its form token, the link, or a proof.
POST = {
    "/p/<page>/sign": (PUBLIC, OWN_PAGES),
    "/draft/<token>": (TOKEN, LINK),
    "/console/<org>/campaigns/<campaign>/pages/<page>/live": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/pause": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/reopen": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/link": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/test": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/opened": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/yes": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/news": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/news/preview": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/news/<int:news_id>": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/news/<int:news_id>/remove": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/comments": (TEXTS, FORM_TOKEN),
    "/confirm/<token>": (TOKEN, LINK),
    "/confirm/<token>/reject": (TOKEN, LINK),
    "/confirm/<token>/unblock": (TOKEN, LINK),
    "/withdraw/<token>": (TOKEN, LINK),
    "/api/v1/bounces/<provider>": (PROVIDER, PROOF),
    "/login": (SIGNING_IN, FORM_TOKEN),
    "/login/code": (SIGNING_IN, FORM_TOKEN),
    "/login/passkey": (SIGNING_IN, FORM_TOKEN),
    "/account/second-step/app": (STAFF, FORM_TOKEN),
    "/account/second-step/app/remove": (STAFF, FORM_TOKEN),
    "/account/second-step/codes": (STAFF, FORM_TOKEN),
    "/account/second-step/codes/kept": (STAFF, FORM_TOKEN),
    "/account/second-step/passkeys": (STAFF, FORM_TOKEN),
    "/account/second-step/passkeys/<int:key_id>/remove": (STAFF, FORM_TOKEN),
    "/account/second-step/stay": (STAFF, FORM_TOKEN),
    "/account/step-up": (STAFF, FORM_TOKEN),
    "/console/<org>/people/<int:user_id>/second-step": (ACCOUNTS, FORM_TOKEN),
    "/console/<org>/people/<int:user_id>/second-step/cancel": (ACCOUNTS, FORM_TOKEN),
    "/logout": (STAFF, FORM_TOKEN),
    "/forgot": (SIGNING_IN, FORM_TOKEN),
    "/reset/<token>": (MAILED, FORM_TOKEN),
    "/account/": (STAFF, FORM_TOKEN),
    "/account/password": (STAFF, FORM_TOKEN),
    "/account/address": (STAFF, FORM_TOKEN),
    "/account/address/again": (STAFF, FORM_TOKEN),
    "/account/address/stop": (STAFF, FORM_TOKEN),
    "/account/address/<token>": (MAILED, FORM_TOKEN),
    "/account/address/<token>/refuse": (MAILED, FORM_TOKEN),
    "/account/sessions": (STAFF, FORM_TOKEN),
    "/console/<org>/campaigns/new": (WRITE_ALL, FORM_TOKEN),
    "/console/<org>/campaigns/new/draft": (WRITE_ALL, FORM_TOKEN),
    "/console/<org>/campaigns/new/discard": (WRITE_ALL, FORM_TOKEN),
    "/console/<org>/campaigns/text": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/draft": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/discard": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/move": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/pages/<page>/end": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/copies": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/languages": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/copy": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/end": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/elsewhere": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/elsewhere/<int:number>/remove": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/keys": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/challenge": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/answer": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/activate": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/approve": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/cancel": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/discard": (KEYS, FORM_TOKEN),
    "/console/<org>/keys/<int:key_id>/revoke": (KEYS, FORM_TOKEN),
    "/console/<org>/settings": (SETTINGS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/<int:partner_id>/again": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/<int:partner_id>/withdraw": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/pages/<page>": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/pages/<page>/receivers": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/<member>/end": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/terms": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/terms/stop": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/partners/terms/yes": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/partnerships/<int:partner_id>/accept": (CAMPAIGNS, FORM_TOKEN),
    "/console/<org>/partnerships/<int:partner_id>/decline": (CAMPAIGNS, FORM_TOKEN),
    "/partnership/<token>": (MAILED, FORM_TOKEN),
    "/partnership/<token>/decline": (MAILED, FORM_TOKEN),
    "/console/<org>/settings/mail/check": (SETTINGS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>/preview": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>/suggested": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>/seen": (TEXTS, FORM_TOKEN),
    "/console/<org>/campaigns/<campaign>/mails/<page>/<kind>/test": (TEXTS, FORM_TOKEN),
    **{f"/console/<org>/settings/server{act}": (SETTINGS, FORM_TOKEN) for act in ("", "/use", "/remove")},
    "/console/<org>/key-changes/<int:change_id>/approve": (SECOND_YES, FORM_TOKEN),
    "/console/<org>/people/<int:user_id>/role": (PEOPLE, FORM_TOKEN),
    "/console/<org>/people/<int:user_id>/remove": (PEOPLE, FORM_TOKEN),
    "/console/<org>/leave": (NUMBERS, FORM_TOKEN),
    "/console/<org>/invitations": (ACCOUNTS, FORM_TOKEN),
    "/console/<org>/invitations/<int:invitation_id>/again": (ACCOUNTS, FORM_TOKEN),
    "/console/<org>/invitations/<int:invitation_id>/withdraw": (ACCOUNTS, FORM_TOKEN),
    "/console/<org>/organisations": (INSTANCE, FORM_TOKEN),
    "/console/<org>/organisations/<int:org_id>/lock": (INSTANCE, FORM_TOKEN),
    "/console/<org>/organisations/<int:org_id>/unlock": (INSTANCE, FORM_TOKEN),
    "/console/<org>/banner": (SITE, FORM_TOKEN),
    "/console/<org>/banner/look": (SITE, FORM_TOKEN),
    "/console/<org>/test-mail": (SITE, FORM_TOKEN),
    "/console/<org>/accounts/<int:user_id>/lock": (INSTANCE, FORM_TOKEN),
    "/console/<org>/accounts/<int:user_id>/unlock": (INSTANCE, FORM_TOKEN),
    "/invitation/<token>": (SIGNING_IN, FORM_TOKEN),
    "/invitation/<token>/decline": (SIGNING_IN, FORM_TOKEN),
}
# What asks for the second step again, if it was taken more than five minutes ago.
FRESH = {
    ("GET", "/console/<org>/exports/contacts.csv"),
    *(("POST", path) for path, (who, _) in POST.items() if who in (KEYS, SECOND_YES, PEOPLE, ACCOUNTS, INSTANCE)),
    ("POST", "/console/<org>/leave"),
    ("POST", "/console/<org>/banner"),
    *(("POST", f"/console/<org>/settings/server{act}") for act in ("", "/use", "/remove")),
    ("GET", "/account/second-step/app"),
    ("POST", "/account/second-step/app/remove"),
    ("POST", "/account/second-step/codes"),
    ("GET", "/account/second-step/passkeys"),
    ("GET", "/account/second-step/passkeys/options"),
    ("POST", "/account/second-step/passkeys/<int:key_id>/remove"),
}
FRESH -= {("POST", "/console/<org>/people/<int:user_id>/second-step/cancel")}  # whoever stops it is glad to be quick
TABLE = {("GET", path): who for path, who in READ.items()} | {("POST", path): who for path, (who, _) in POST.items()}
CONSOLE = [
    (method, path)
    for (method, path), who in TABLE.items()
    if who in (SIGNING_IN, MAILED, STAFF) or isinstance(who, set)
]
OUTSIDE = [route for route in TABLE if route not in CONSOLE]
TOKEN_POSTS = [path for path, (_, shown) in POST.items() if shown is FORM_TOKEN]
ORGS = ("org-one", "org-two", "home", "nobody")
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
        "int:user_id": {"org-two": "2", "home": "3"}.get(org, "1"),  # of its staff
        "int:org_id": "2",
        "int:invitation_id": "1",
        "int:number": "1",
        "page": "trees-partner" if org == "org-two" else "trees",
        "member": "org-two",
        "int:partner_id": "1",
        "int:news_id": {"org-two": "2"}.get(org, "1"),  # of its page
        "campaign": "trees",
        "kind": "confirm",
        "token": token,
        "wording_hash": "0" * 64,
        "sha256": "0" * 64,
        "ext": "webp",
        "name": "0",
        "provider": "postmark",
        "path:filename": "icon.svg",
    }
    for name, value in parts.items():
        path = path.replace(f"<{name}>", value)
    assert "<" not in path
    return path


def routes(app: Flask) -> Iterable[tuple[str, str, Rule]]:
    for route in app.url_map.iter_rules():
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, route.rule, rules_of(app)[route.endpoint]


def test_the_tables_are_the_url_map(app: Flask) -> None:
    assert {(method, path): rule.rights or rule.who for method, path, rule in routes(app)} == TABLE


def test_every_post_must_show_what_the_table_says(app: Flask) -> None:
    assert {path: rule.realm for method, path, rule in routes(app) if method == "POST"} == {
        path: shown for path, (_, shown) in POST.items()
    }


def test_what_matters_asks_for_the_second_step_again(app: Flask) -> None:
    assert {(method, path) for method, path, rule in routes(app) if rule.fresh} == FRESH


def test_before_the_second_step_one_sets_it_up_or_goes(app: Flask) -> None:
    early = {path for _, path, rule in routes(app) if rule.admit is admitting.known}
    of_ones_own = {path for path in [*READ, *POST] if path.startswith("/account/s")}
    of_ones_own -= {"/account/second-step/stay", "/account/sessions"}
    assert early == of_ones_own | {"/logout"}


def test_no_key_route_reads_what_looks_like_a_secret(app: Flask) -> None:
    looked_at = {(method, path) for method, path, rule in routes(app) if rule.no_secrets}
    assert looked_at == {route for route, who in TABLE.items() if who in (KEYS, SECOND_YES, SETTINGS)}


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


@pytest.mark.parametrize(
    ("path", "declare"), [("/console/open", access.public), ("/team", access.needs(Right.NUMBERS))]
)
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
        access.needs(Right.KEYS)(access.public(lambda: "whose?"))


def test_nobody_keeps_an_answer_of_the_console(world: World) -> None:
    visitors = (world.app.test_client(), world.signed_in(ADMIN), world.signed_in(OPERATORS))
    asked = [(method, at(path, org)) for method, path in CONSOLE for org in ("org-one", "home", "nobody")]
    asked = [(method, path) for method, path in dict.fromkeys(asked) if path != "/logout"]
    asked += [("GET", "/console/org-one/nothing"), ("PUT", "/console/org-one/keys"), ("GET", "/console/org-one")]
    for method, path in asked:
        for visitor in visitors:
            answer = visitor.open(path, method=method, buffered=True)
            assert answer.headers["Cache-Control"] == "no-store", (method, path, answer.status_code)


@pytest.mark.parametrize("path", TOKEN_POSTS)
def test_a_console_post_without_its_form_token_is_refused(world: World, path: str) -> None:
    (key,) = world.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")[0]
    who = OPERATORS if POST[path][0] in (SECOND_YES, INSTANCE, SITE) else ADMIN
    target = at(path, "home" if who == OPERATORS else "org-one", key)
    before = world.query("SELECT status, proven_at FROM public_keys ORDER BY id")
    for token in ({}, {"csrf_token": "made-up"}):
        answer = world.signed_in(who).post(target, data={"really": "yes", **token})
        # These forms are shown again, with a token of this session: whoever fills them may have no other.
        again = {"/login": 422, "/forgot": 422, "/reset/<token>": 303}
        assert answer.status_code == again.get(path, 400)
        assert {422: "open for too long", 400: "We did not understand that", 303: "/reset/x"}[
            answer.status_code
        ] in answer.text
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
    for method, path in [route for route, who in TABLE.items() if who in (TOKEN, MAILED)]:
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
    paths = [path for path in TOKEN_POSTS if POST[path][0] not in (SIGNING_IN, MAILED)]
    assert {path: stranger.post(at(path), **sent).status_code for path in paths} == dict.fromkeys(paths, 303)
    of_orgs = [path for path in paths if "<org>" in path]
    assert {path: other.post(at(path), **sent).status_code for path in of_orgs} == dict.fromkeys(of_orgs, 404)


def test_access_waits_for_nobody_who_writes(world: World, sqlite_url: str) -> None:
    admin = world.signed_in(ADMIN)
    writer = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert [admin.post(at(path)).status_code for path, (who, _) in POST.items() if who == KEYS] == [400] * 8
        assert admin.post("/console/org-two/keys").status_code == 404
    finally:
        writer.close()


NEEDING = {route: who for route, who in TABLE.items() if isinstance(who, set)}


def person(world: World, role: StaffRole) -> FlaskClient:
    """Somebody with that role: in org-one, or running the instance."""
    if role is StaffRole.OPERATOR:
        return world.signed_in(OPERATORS)
    email = f"{role}@org-one.example.org"
    with world.app.app_context(), writing() as session:
        place = session.scalars(db.select(Org).where(Org.name == "org-one")).one()
        people.add_user(session, email, factories.password_hash(), place, role, datetime.now(UTC))
    return world.signed_in(email)


def expected(role: StaffRole, needed: set[Right], org: str, route: tuple[str, str]) -> int | None:
    """What somebody in that role is told there; None: let in. An org that does not lead has no such place."""
    if org == "org-two" and route in LED:
        return 404
    is_theirs = org == "org-one" or (role is StaffRole.OPERATOR and org != "nobody")
    if not is_theirs or not all(rights.exists(right, at_home=org == "home") for right in needed):
        return 404
    return None if needed <= rights.TABLE[role] else 403


def test_nobody_gets_in_who_has_not_signed_in(world: World) -> None:
    stranger = world.app.test_client()
    asked = {(method, at(path, org)) for method, path in NEEDING for org in ORGS}
    assert {stranger.open(path, method=method).status_code for method, path in asked} == {303}


@pytest.mark.parametrize("role", list(StaffRole))
def test_every_role_gets_in_where_it_holds_all_that_is_needed_and_nowhere_else(world: World, role: StaffRole) -> None:
    world.execute(
        "INSERT INTO news (page_id, title, published_at) SELECT id, 'News', created_at FROM action_pages ORDER BY id"
    )
    (key,) = world.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")[0]
    client, wrong = person(world, role), {}
    for (method, path), needed in NEEDING.items():
        for org in ORGS:
            if org == "home" and "<campaign>" in path:
                continue  # it leads none
            answer = client.open(at(path, org, key), method=method, buffered=True)
            told = answer.status_code if answer.status_code in (403, 404) else None
            # A post without its form token is refused, too, but neither as unknown nor as forbidden.
            if told != expected(role, needed, org, (method, path)):
                wrong[method, path, org] = (answer.status_code, expected(role, needed, org, (method, path)))
    assert wrong == {}


def test_who_lacks_a_right_is_told_whom_to_ask(world: World) -> None:
    answer = person(world, StaffRole.VIEWER).get("/console/org-one/exports")
    assert answer.status_code == 403
    assert "An owner of Org One can: admin@org-one.example.org" in re.sub("[\u2066-\u2069]", "", answer.text)
