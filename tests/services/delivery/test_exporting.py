"""The encrypted export: the contract's columns and filters, only the org's own rows, streamed."""

import csv
import io
import json
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from proca_web.adapters.database import reading
from proca_web.extensions import db
from proca_web.services.delivery.csv import encrypted_csv
from proca_web.services.delivery.filters import Filters
from tests.factories import World, b64
from tests.services.conftest import confirm_path, waiting_token

COLUMNS = (
    "seq,action_id,action_ref,action_type,created_at,campaign,action_page,testing,repeat,contact_ref,opt_in,given_at,"
    "email_status,consent,payload,nonce,public_key,sign_key,sign_key_cert,sign_key_not_before,sign_key_not_after,"
    "sealed_by,area,utm_source,utm_medium,utm_campaign,utm_content,custom_fields,receipt"
)


def add(world: World, client: FlaskClient, number: int, page: str = "trees-partner", **fields: str) -> None:
    world.sign(client, page, email=f"person{number}@example.org", **fields)
    path = confirm_path(waiting_token(world))
    world.run("mail")
    client.post(path)
    world.run("release")


def test_the_columns_are_the_contracts_and_every_value_has_its_form(world: World, client: FlaskClient) -> None:
    add(world, client, 1, opt_in="yes", comment='Say "hi",\nbirds', query="?utm_source=news,letter&utm_medium=email")
    browser = world.signed_in("admin@org-two.example.org")
    answer = browser.get("/console/org-two/exports/contacts.csv")
    assert answer.text.splitlines()[0] == COLUMNS
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    row, _ = csv.DictReader(io.StringIO(answer.text))
    assert len(answer.text.strip().splitlines()) == 3
    for column, size in (
        ("action_ref", 16),
        ("contact_ref", 16),
        ("nonce", 24),
        ("public_key", 32),
        ("sign_key", 32),
        ("sign_key_cert", 203),
        ("payload", 1040),
        ("consent", 32),
    ):
        assert len(b64(row[column])) == size
        assert "=" not in row[column]
    for column in ("created_at", "given_at", "sign_key_not_before", "sign_key_not_after"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[column]), column
    assert row["custom_fields"] == '{"comment":"Say \\"hi\\",\\nbirds"}'
    plain = {
        name: row[name]
        for name in (
            "action_type",
            "campaign",
            "action_page",
            "testing",
            "repeat",
            "opt_in",
            "email_status",
            "sealed_by",
            "area",
            "utm_source",
            "utm_medium",
            "receipt",
        )
    }
    assert plain == {
        "action_type": "register",
        "campaign": "trees",
        "action_page": "trees-partner",
        "testing": "false",
        "repeat": "false",
        "opt_in": "true",
        "email_status": "double_opt_in",
        "sealed_by": "server",
        "area": "PL",
        "utm_source": "news_letter",
        "utm_medium": "email",
        "receipt": "",
    }


def test_an_org_gets_its_own_copies_only(world: World, client: FlaskClient) -> None:
    add(world, client, 1, lead_opt_in="yes")
    add(world, client, 2)
    assert len(world.export("org-one")) == 1
    assert len(world.export("org-two")) == 2
    stranger = world.signed_in("admin@org-one.example.org")
    assert stranger.get("/console/org-two/exports/contacts.csv").status_code == 404
    assert stranger.get("/console/nobody/exports/contacts.csv").status_code == 404
    visitor = world.app.test_client()
    assert visitor.get("/console/org-two/exports/contacts.csv").status_code == 303


def test_one_orgs_rows_do_not_open_with_anothers_key_or_the_home_key(world: World, client: FlaskClient) -> None:
    from nacl.exceptions import CryptoError
    from nacl.public import Box, PrivateKey, PublicKey

    add(world, client, 1, lead_opt_in="yes")
    row = world.export("org-two")[0]
    home_file = world.app.extensions["proca_settings"].home_key_file
    home = PrivateKey(b64(home_file.read_text().strip()))
    for secret in (world.secrets["org-one"], home):
        for other in (row["sign_key"], row["public_key"]):
            with pytest.raises(CryptoError):
                Box(secret, PublicKey(b64(other))).decrypt(b64(row["payload"]), b64(row["nonce"]))
    assert world.open("org-two", row)["firstName"] == "Zofia"


FILTERS = {
    "": [1, 2, 3, 4],
    "?since=2": [3, 4],
    "?since=99": [],
    "?limit=2": [1, 2],
    "?since=1&limit=1": [2],
    "?only_opt_in=true": [1, 4],
    "?only_opt_in=false": [1, 2, 3, 4],
    "?only_double_opt_in=true": [1, 2, 4],
    "?campaign=trees": [1, 2, 3, 4],
    "?page=trees-partner": [1, 2, 3, 4],
    "?page=trees": [],
    "?after=2020-01-01T00:00:00Z": [1, 2, 3, 4],
    "?after=2999-01-01T00:00:00Z": [],
    "?role=recovery": [],
    "?campaign=&since=": [1, 2, 3, 4],
}


def test_filters(world: World, client: FlaskClient) -> None:
    add(world, client, 1, opt_in="yes")
    add(world, client, 2)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    world.sign(client, "trees-partner", email="person3@example.org")
    world.run("release")
    world.execute("UPDATE action_pages SET double_opt_in = true")
    add(world, client, 4, opt_in="yes")
    given = {query: [int(row["seq"]) for row in world.export("org-two", query)] for query in FILTERS}
    assert given == FILTERS


def test_a_filter_that_makes_no_sense_is_refused_by_name(world: World) -> None:
    browser = world.signed_in("admin@org-two.example.org")
    for query in ("since=x", "since=-1", "limit=1.5", "only_opt_in=1", "after=yesterday", "role=boss"):
        answer = browser.get(f"/console/org-two/exports/contacts.csv?{query}")
        assert answer.status_code == 422, query
        assert query.partition("=")[0] in answer.text


def test_old_rows_keep_their_key_after_a_rotation(world: World, client: FlaskClient) -> None:

    add(world, client, 1)
    old, new = world.secrets["org-two"], world.rotate("org-two")
    add(world, client, 2)
    first, second = world.export("org-two")
    assert b64(first["public_key"]) == bytes(old.public_key)
    assert b64(second["public_key"]) == bytes(new.public_key)
    assert world.open("org-two", first, secret=old)["email"] == "person1@example.org"
    assert world.open("org-two", second)["email"] == "person2@example.org"


def test_a_download_is_written_down(world: World, client: FlaskClient) -> None:
    add(world, client, 1)
    world.export("org-two", "?since=0&page=")
    ((detail,),) = world.query("SELECT detail FROM audit_entries WHERE event = 'export'")
    assert detail == '{"filters": {"since": "0", "page": ""}}'


def test_a_look_at_the_headers_alone_is_no_download(world: World) -> None:
    browser = world.signed_in("admin@org-two.example.org")
    answer = browser.head("/console/org-two/exports/contacts.csv?only_opt_in=true")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert browser.head("/console/org-two/exports/contacts.csv?only_optin=true").status_code == 422
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'export'") == [(0,)]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("only_optin=true", "only_optin"),
        ("onlyOptIn=true", "onlyOptIn"),
        ("campaign=treees", "treees"),
        ("page=tree", "tree"),
        ("since=1&since=2", "since"),
    ],
)
def test_a_name_nobody_knows_is_refused_and_nothing_is_sent_or_written_down(
    world: World, query: str, named: str
) -> None:
    answer = world.signed_in("admin@org-two.example.org").get(f"/console/org-two/exports/contacts.csv?{query}")
    assert answer.status_code == 422
    assert named in answer.text
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'export'") == [(0,)]


@pytest.mark.parametrize(("query", "last"), [("", "0"), ("?since=7", "7")])
def test_an_export_without_rows_is_a_header_and_its_mark(world: World, query: str, last: str) -> None:
    answer = world.signed_in("admin@org-two.example.org").get(f"/console/org-two/exports/contacts.csv{query}")
    mark = f'{last},,,end,,,,,,,,,,,,,,,,,,,,,,,,"{{""rows"":""0""}}",'
    assert answer.text == f"{COLUMNS}\r\n{mark}\r\n"


def test_the_mark_counts_erasures_and_names_the_last_row(world: World, client: FlaskClient) -> None:
    for number in range(3):
        add(world, client, number)
    world.execute("UPDATE contacts SET seq = seq + 40 WHERE seq = 3")
    world.execute(
        "UPDATE contacts SET erased = true, payload = NULL, crypto_nonce = NULL, public_key_id = NULL,"
        " sign_key_id = NULL WHERE seq = 2"
    )
    browser = world.signed_in("admin@org-two.example.org")
    *rows, end = csv.DictReader(io.StringIO(browser.get("/console/org-two/exports/contacts.csv").text))
    assert [row["action_type"] for row in rows] == ["register", "erased", "register"]
    assert {name: text for name, text in end.items() if text} == {
        "seq": "43",
        "action_type": "end",
        "custom_fields": '{"rows":"3"}',
    }


def test_custom_fields_hold_nothing_that_another_separator_splits(world: World, client: FlaskClient) -> None:
    add(world, client, 1, comment="hello;=SUM(1+1) and more")
    (row,) = world.export("org-two")
    assert ";" not in row["custom_fields"]
    assert json.loads(row["custom_fields"]) == {"comment": "hello;=SUM(1+1) and more"}


def test_the_stream_comes_in_pieces_and_no_read_is_open_between_them(world: World, client: FlaskClient) -> None:
    add(world, client, 1)
    add(world, client, 2)
    with world.app.app_context():
        with reading() as session:
            org_id = session.execute(text("SELECT id FROM orgs WHERE name = 'org-two'")).scalar_one()
        pieces = []
        for piece in encrypted_csv(reading, org_id, Filters()):
            assert db.engine.pool.checkedout() == 0
            pieces.append(piece)
    assert [piece.count("\r\n") for piece in pieces] == [1, 2, 1]
