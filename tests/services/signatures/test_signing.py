"""A form becomes a submission, or is refused by name: asked of the service, without HTTP."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.database import direct_read, writing
from proca_web.domain.errors import AddressDoubted, FieldsRefused, NoActiveKey, PageNotOpen, WordingChanged
from proca_web.domain.pages import tracking
from proca_web.extensions import encryption
from proca_web.models import Action, Contact, Transient
from proca_web.services.petitions import facts
from proca_web.services.signatures import releasing, signing
from proca_web.services.signatures.signing import Submission
from proca_web.services.signatures.writer import ActionRow, CopyRow, TransientRow
from tests.factories import FakeClock, World, form

pytestmark = pytest.mark.usefixtures("client")


def read(world: World, typed: Mapping[str, str], page: str = "trees", **query: str) -> Submission:
    arrival = tracking.read_arrival(query, "", ())
    with world.app.app_context(), direct_read() as connection:
        seen = facts.read(connection, page, encryption.vouching, clock.now())
        return signing.read(connection, seen, typed, arrival, clock.now())


def test_a_form_is_read_with_its_consents_and_where_it_came_from(world: World) -> None:
    read_form = read(world, form(opt_in="yes"), utm_source="mail", testing="true")
    assert read_form.consent.opt_in is True
    assert read_form.arrival.utm["source"] == "mail"
    assert read_form.arrival.testing
    assert read_form.contact.email not in repr(read_form)


def test_all_faults_of_contact_and_consent_are_named_at_once(world: World) -> None:
    with pytest.raises(FieldsRefused) as refused:
        read(world, form(first_name="", opt_in="maybe"))
    assert set(refused.value.faults) == {"first_name", "opt_in"}


def test_a_mistyped_address_is_doubted_until_it_is_answered(world: World) -> None:
    slip = form(email="anna@gmial.com")
    with pytest.raises(AddressDoubted):
        read(world, slip)
    assert read(world, {**slip, "email_kept": "anna@gmial.com"}).contact.email == "anna@gmial.com"
    assert read(world, {**slip, "email_fix": "anna@gmail.com"}).contact.email == "anna@gmail.com"


def test_a_wording_that_was_replaced_is_good_for_a_day(world: World, clock: FakeClock) -> None:
    shown = read(world, form()).wording
    world.execute("UPDATE action_pages SET title = 'Another title' WHERE name = 'trees'")
    world.run("sweep")
    assert read(world, form(wording=shown)).wording == shown
    assert read(world, form()).wording != shown
    clock.forward(hours=24, minutes=1)
    with pytest.raises(WordingChanged) as changed:
        read(world, form(wording=shown))
    assert list(changed.value.faults) == ["wording"]
    with pytest.raises(WordingChanged):
        read(world, form(wording="never-ours"))


def test_no_correction_of_fields_mends_a_closed_page_or_a_missing_key(world: World) -> None:
    world.execute("UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient'")
    with pytest.raises(NoActiveKey):
        read(world, {})
    world.execute("UPDATE action_pages SET status = 'closed'")
    with pytest.raises(PageNotOpen):
        read(world, {})


@pytest.mark.parametrize(("row", "model"), [(ActionRow, Action), (CopyRow, Contact), (TransientRow, Transient)])
def test_a_row_names_columns_of_its_table_and_all_it_needs(row: type, model: type) -> None:
    names = {field.name for field in fields(row)}
    columns = {column.name: column for column in model.__table__.columns}
    needed = {
        name
        for name, column in columns.items()
        if not (column.nullable or column.server_default or column.primary_key or name == "action_id")
    }
    assert needed <= names <= set(columns)
    assert "object at" in repr(row(**dict.fromkeys(names)))


def test_what_waits_for_its_release_is_found_by_its_own_index(world: World) -> None:
    with world.app.app_context(), writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        asked = str(
            releasing._DUE.limit(500)
            .params(aside=[7])
            .compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        )
        explain = "EXPLAIN" if session.get_bind().dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str(session.connection().exec_driver_sql(f"{explain} {asked}").all())
    assert "ix_actions_to_release" in plan


@pytest.mark.parametrize("status", ["retired", "revoked"])
def test_a_key_that_ends_while_one_seals_to_it_leaves_nothing_written(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    seal = signing.seal

    def seal_then_end(*given: Any) -> Any:
        draft = seal(*given)
        world.execute(
            "UPDATE public_keys SET status = :status WHERE kind = 'recipient' AND org_id ="
            " (SELECT id FROM orgs WHERE name = 'org-two')",
            status=status,
        )
        return draft

    monkeypatch.setattr(signing, "seal", seal_then_end)
    answer = world.sign(client, "trees-partner", lead_opt_in="yes", opt_in="yes")
    assert answer.status_code not in (200, 303)
    stored = [world.query(f"SELECT id FROM {table}") for table in ("actions", "contacts")]
    assert stored == [[], []]
    assert world.query("SELECT action_id FROM transients") == []
