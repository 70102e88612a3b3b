"""Senders that are asked to end in every process of every host, and their rows, which go once nobody needs them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from nacl.public import PrivateKey
from sqlalchemy import select

from proca_web.adapters.database import reading, writing
from proca_web.crypto.boxes.certificate import Mode
from proca_web.extensions import db, encryption
from proca_web.models import PublicKey
from proca_web.services.sealing import sender_rows
from proca_web.services.sealing.senders import SenderSource
from tests import factories
from tests.crypto.making import TwoClocks, key_of, new_home, opened
from tests.factories import FakeClock, World
from tests.services.sealing.table import Rows, sealed

ORG = PrivateKey.generate()
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def rows() -> Iterator[Rows]:
    made = Rows()
    yield made
    for source in made.sources:
        source.end()


def process(rows: Rows, mode: Mode = Mode.SESSION) -> SenderSource:
    """The senders of a process."""
    source = SenderSource(new_home(), mode, rows, TwoClocks())
    rows.sources.append(source)
    return source


# Asked to end


@pytest.mark.parametrize("mode", [Mode.SESSION, Mode.STATIC])
def test_when_asked_every_process_ends_its_sender_and_seals_with_another(rows: Rows, mode: Mode) -> None:
    processes = [process(rows, mode) for _ in range(3)]
    assert not any([source.heed(None) for source in processes])
    assert [sealed(source).sign_key_id for source in processes] == [1, 2, 3]
    assert all([source.heed("now") for source in processes])
    copies = [sealed(source) for source in processes]
    assert [copy.sign_key_id for copy in copies] == [4, 5, 6]
    assert all(sender.ended for sender in rows.senders[:3])
    assert [sender._secret.is_wiped for sender in rows.senders[:3]] == [mode is Mode.SESSION] * 3
    assert not any([source.heed("now") for source in processes])  # asked once, ended once
    assert [sealed(source).sign_key_id for source in processes] == [4, 5, 6]


def test_what_is_sealed_after_it_opens_with_the_new_sender_alone(rows: Rows) -> None:
    source = process(rows)
    source.heed(None)
    sealed(source)
    source.heed("now")
    with source.submission() as sealer:
        copy = sealer.seal(b"text", key_of(ORG))
    assert opened(copy.payload, copy.nonce, rows.publics[2], ORG) == b"text"
    assert source.holder_of(1) is None


def test_a_process_that_began_after_the_asking_keeps_its_sender(rows: Rows) -> None:
    source = process(rows)
    assert not source.heed("before")
    assert [sealed(source).sign_key_id for _ in range(3)] == [1, 1, 1]


def test_every_host_that_shares_the_database_is_asked(world: World, client: FlaskClient) -> None:
    with factories.another_process(world) as other:
        for browser in (client, other, client, other):
            assert world.sign(browser).status_code == 303
        assert len(rows_of(world)) == 2
        with world.app.app_context(), writing() as session:
            sender_rows.ask_to_end(session, datetime.now(UTC))
        for browser in (client, other, client, other):
            assert world.sign(browser).status_code == 303
        assert len(rows_of(world)) == 4


# Swept


def ends(world: World) -> list[datetime]:
    """When the senders that have a row end."""
    with world.app.app_context(), reading() as session:
        query = db.select(PublicKey.not_after).where(PublicKey.kind == "sender").order_by(PublicKey.id)
        found = session.scalars(query).all()
    return [end for end in found if end is not None]


def rows_of(world: World) -> list[int]:
    """The numbers of the senders' rows."""
    return [number for (number,) in world.query("SELECT id FROM public_keys WHERE kind = 'sender' ORDER BY id")]


def at(clock: FakeClock, moment: datetime) -> None:
    clock.moment = moment.astimezone(UTC)


@pytest.fixture
def end(world: World, client: FlaskClient, clock: FakeClock) -> datetime:
    """The end of the sender of one signature, which its address's owner has taken back: no copy refers to it."""
    assert world.sign(client).status_code == 303
    world.run("mail")
    (found,) = ends(world)
    assert client.post(f"{world.link()}/reject").status_code == 303
    assert world.query("SELECT count(*) FROM contacts") == [(0,)]
    return found


def test_a_row_that_no_copy_needs_goes_an_hour_after_the_senders_end(
    world: World, clock: FakeClock, end: datetime
) -> None:
    for moment in (end - SECOND, end + SECOND, end + HOUR):
        at(clock, moment)
        world.run("senders")
        assert ends(world) == [end]
    at(clock, end + HOUR + SECOND)
    world.run("senders")
    assert ends(world) == []


def test_a_row_that_a_copy_needs_stays_until_the_copy_is_purged(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    for person in ("one@example.org", "two@example.org"):
        assert world.sign(client, email=person).status_code == 303
        with world.app.app_context():
            encryption.source.end()
    world.run("mail")
    first, _ = rows_of(world)
    client.post(f"{world.link('two@example.org')}/reject")
    clock.forward(hours=3)
    world.run("senders")
    assert rows_of(world) == [first]
    client.post(f"{world.link('one@example.org')}/reject")
    world.run("senders")
    assert rows_of(world) == []


def test_no_other_kind_of_key_is_swept_however_old(world: World, clock: FakeClock, end: datetime) -> None:
    others = "SELECT id, kind, status FROM public_keys WHERE kind <> 'sender' ORDER BY id"
    before = world.query(others)
    world.execute("UPDATE public_keys SET not_after = not_before WHERE kind <> 'sender'")
    clock.forward(days=400)
    world.run("senders")
    assert ends(world) == []
    assert world.query(others) == before


def test_an_ended_senders_export_row_still_carries_its_certificate(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    assert world.sign(client).status_code == 303
    world.run("mail")
    assert client.post(world.link()).status_code == 303
    clock.forward(hours=30)
    world.run("sweep")
    (row,) = world.export("org-one")
    assert len(row["sign_key_cert"]) == 271  # 203 bytes
    assert world.open("org-one", row)["firstName"] == "Zofia"


def test_the_home_key_is_found_without_a_look_at_the_senders(world: World) -> None:
    with world.app.app_context(), writing() as session:
        asked = select(PublicKey.id).where(*sender_rows.IN_FORCE)
        compiled = asked.compile(db.engine, compile_kwargs={"render_postcompile": True})
        names = getattr(compiled, "positiontup", None)
        values = tuple(compiled.params[name] for name in names) if names else compiled.params
        connection = session.connection()
        if names is None:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table of five keys is read faster
        plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if names else ''} {compiled}", values).all()
    assert "ix_public_keys_homes" in str(plan)
