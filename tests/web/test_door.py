"""What no database can hold is answered 404 or 422 at the door, on both databases; never 500."""

import pytest
from flask.testing import FlaskClient

from proca_web.web import login
from tests.databases import ON_SQLITE
from tests.factories import World, form_token

OWNER = "admin@org-one.example.org"


def test_a_path_that_is_no_text_is_not_there(client: FlaskClient) -> None:
    for path in ("/p/{}", "/p/{}/sign", "/p/{}/count.json", "/confirm/{}", "/consent/{}.txt", "/static/{}", "/{}"):
        for part in ("%00", "trees%00", "a%EF%BF%BFb", "%EF%B7%90"):
            assert client.get(path.format(part)).status_code == 404, path


def test_a_key_number_that_no_row_can_have_is_not_there(world: World) -> None:
    browser = world.signed_in(OWNER)
    for number in (0, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, 10**30, "\u0661", "-1", "%00"):
        assert browser.get(f"/console/org-one/keys/{number}").status_code == 404, number
        assert browser.post(f"/console/org-one/keys/{number}/discard").status_code in (400, 404), number


@pytest.mark.parametrize(
    "query",
    [
        "campaign=%00",
        "page=a%00b",
        "campaign=%EF%BF%BF",
        "%00=1",
        "after=9999-12-31T23:59:59-14:00",
        "after=0001-01-01T00:00:00%2B14:00",
        "after=10000-01-01",
        "since=9223372036854775808",
        "limit=99999999999999999999",
    ],
)
def test_an_export_is_refused_before_it_begins(world: World, query: str) -> None:
    answer = world.signed_in(OWNER).get(f"/console/org-one/exports/contacts.csv?{query}")
    assert answer.status_code == 422
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'export'")[0][0] == 0


def test_the_widest_filters_are_answered(world: World) -> None:
    browser = world.signed_in(OWNER)
    for query in ("after=9999-12-31T23:59:59Z", "after=0001-01-01T00:00:00Z", "since=" + "9" * 18, "limit=" + "9" * 18):
        answer = browser.get(f"/console/org-one/exports/contacts.csv?{query}")
        assert answer.status_code == 200, query
        assert answer.text.startswith("seq,"), query


def test_what_was_typed_into_a_field_is_answered_beside_it(world: World, client: FlaskClient) -> None:
    for field in ("first_name", "last_name", "email", "country", "postcode"):
        for typed in ("An\0na", "An\uffffna"):
            answer = world.sign(client, **{"first_name": "Keep-me", field: typed})
            assert answer.status_code == 422
            assert f'id="{field}-fault"' in answer.text
    assert world.query("SELECT count(*) FROM actions")[0][0] == 0


def test_hidden_fields_and_unknown_ones_are_text_too(world: World, client: FlaskClient) -> None:
    for field in ("wording", "opt_in", "email_kept", "something"):
        assert world.sign(client, **{field: "a\0"}).status_code == 422
    assert world.query("SELECT count(*) FROM actions")[0][0] == 0


def test_a_query_that_is_no_text_is_refused_and_a_referrer_harms_no_signature(
    world: World, client: FlaskClient
) -> None:
    assert world.sign(client, query="?utm_source=a%00").status_code == 422
    referrer = {"Referer": "http://localhost/p/trees?utm_source=a%00%EF%BF%BFb"}
    assert world.sign(client, headers=referrer).status_code == 303
    assert world.query("SELECT utm_source FROM actions")[0][0] == "a b"


def test_a_sign_in_that_is_no_text_is_refused(client: FlaskClient) -> None:
    token = form_token(client)
    for field in ("email", "password"):
        fields = {"csrf_token": token, "email": OWNER, "password": "x", field: "a\0b"}
        assert client.post("/login", data=fields).status_code == 422


@ON_SQLITE
def test_nothing_but_files_below_static_is_served(client: FlaskClient) -> None:
    for path in ("..%2f..%2fpyproject.toml", "css", "nothing.css", "..%5c..%5cx"):
        assert client.get(f"/static/{path}").status_code == 404, path


@ON_SQLITE
def test_what_names_no_session_of_anybody_is_none(world: World) -> None:
    with world.app.app_context():
        for session_id in ("", "-", "x-y", "1", "1-", "0-x", "99999-x", "\u0661-x"):
            assert login.load(session_id) is None, session_id
