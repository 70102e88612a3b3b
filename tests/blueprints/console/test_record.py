"""The record's page: who sees what, how it is looked through, and the same as a file."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.services.staff import audit
from tests.factories import FakeClock, World

PATH = "/console/org-one/audit"
ADMIN, RUNS_IT = "admin@org-one.example.org", "operator@example.org"


@pytest.fixture
def owner(world: World, clock: FakeClock) -> FlaskClient:
    """An owner of an org in which things were done on three days."""
    begin, browser = clock.moment, world.signed_in(ADMIN)
    with world.app.app_context(), writing() as session:
        audit.record(session, 2, 1, "key-revoke", "EXGT-1RSR", begin - timedelta(days=2))
        audit.record(session, 2, 1, "export", '{"filters":{"campaign":"trees"}}', begin - timedelta(days=1))
        audit.record(session, 2, 3, "org-edit", {"title": ["Org 1", "<b>Org One</b>"]}, begin)
        audit.record(session, 3, 1, "export", "{}", begin)
    return browser


def test_an_owner_reads_who_did_what_with_before_and_after(owner: FlaskClient) -> None:
    text = owner.get(PATH).text
    assert "<strong>admin@org-one.example.org</strong> revoked the key EXGT-1RSR" in text
    assert "<strong>admin@org-one.example.org</strong> downloaded what people signed" in text
    assert "title: Org 1 → &lt;b&gt;Org One&lt;/b&gt;" in text
    assert "5 entries" in text
    assert text.index("org-edit") < text.index("downloaded what") < text.index("revoked the key")


def test_an_operator_sees_their_own_acts_alone(world: World, owner: FlaskClient) -> None:
    text = world.signed_in(RUNS_IT).get(PATH).text
    assert "org-edit" in text
    assert ADMIN not in text
    assert "Unbroken" not in text
    assert ADMIN not in world.signed_in(RUNS_IT).get(f"{PATH}.csv?who={ADMIN}").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 5),
        ("what=keys", 2),
        ("what=downloads", 1),
        ("what=nonsense", 5),
        ("q=org+one", 1),
        ("q=ExGt", 1),
        ("q=%25", 0),
        ("q=_", 0),
        (f"who={ADMIN}", 3),
        ("who=nobody", 0),
        ("before=3", 2),
        ("before=999999999999999999999", 5),
        ("before=x", 5),
    ],
)
def test_it_is_looked_through_by_who_what_and_words(owner: FlaskClient, query: str, found: int) -> None:
    assert owner.get(f"{PATH}?{query}").text.count("<li>\n      <time") == found


def test_days_are_chosen_with_both_ends(owner: FlaskClient, clock: FakeClock) -> None:
    yesterday = (clock.moment - timedelta(days=1)).date()
    answer = owner.get(f"{PATH}?from={yesterday}&to={yesterday}")
    assert "downloaded what people signed" in answer.text
    assert answer.text.count("<li>\n      <time") == 1
    assert owner.get(f"{PATH}?from=yesterday").status_code == 422
    assert owner.get(f"{PATH}.csv?to=2026-13-01").status_code == 422


def test_htmx_gets_the_entries_alone(owner: FlaskClient) -> None:
    answer = owner.get(f"{PATH}?what=keys", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section class="card" id="entries"')
    assert "HX-Request" in answer.headers["Vary"]


def test_the_file_holds_what_was_asked_for_and_nothing_a_spreadsheet_runs(
    world: World, owner: FlaskClient, clock: FakeClock
) -> None:
    with world.app.app_context(), writing() as session:
        audit.record(session, 2, 1, "note", "=1+1", clock())
    answer = owner.get(f"{PATH}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["number"], row["event"]) for row in rows] == [
        ("6", "note"),
        ("5", "org-edit"),
        ("4", "export"),
        ("3", "key-revoke"),
        ("2", "account-sign-in"),
        ("1", "key-register"),
    ]
    assert rows[0]["detail"] == "'=1+1"
    assert {len(row["hash"]) for row in rows} == {43}
    assert len(list(csv.DictReader(io.StringIO(owner.get(f"{PATH}.csv?what=keys").text)))) == 2
    assert "org-one-record.csv" in answer.headers["Content-Disposition"]


def test_many_entries_come_a_page_at_a_time(world: World, owner: FlaskClient, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        for _ in range(60):
            audit.record(session, 2, 1, "note", "", clock())
    first = owner.get(f"{PATH}?who={ADMIN}").text
    assert first.count("<li>\n      <time") == 50
    assert "These 63 entries as CSV" in first
    assert "before=16&amp;who=admin" in first
    assert owner.get(f"{PATH}?before=16").text.count("<li>\n      <time") == 15


def test_a_broken_record_says_so_first_and_whom_to_call(world: World, owner: FlaskClient) -> None:
    world.execute("UPDATE audit_entries SET detail = 'EXGT-2RSR' WHERE number = 3 AND org_id = 2")
    text = owner.get(PATH).text
    assert "This record was changed behind our back." in text
    assert "entry 3 of the record of org-one was changed" in text
    assert "Please call whoever runs this site now" in text
    assert "Unbroken" not in text


def test_what_is_not_found_says_so_and_leads_back(owner: FlaskClient) -> None:
    text = owner.get(f"{PATH}?q=nobody-did-this").text
    assert "Nothing was found." in text
    assert f'href="{PATH}"' in text
