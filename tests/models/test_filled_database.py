"""A database that a version before filled, with rows in every state, is brought to this one: nothing is lost.

`filled/0002.json` and `0007.json` were written by those versions through their own routes: all rows, the keyring and
the Home key beside them, the orgs' secrets, and the token of one link that was mailed. Their moment is kept, so that
what waits still waits.
"""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from nacl.public import PrivateKey
from sqlalchemy import JSON, Boolean, Date, DateTime, LargeBinary, MetaData, delete, insert, select, text

from proca_web.adapters.database import reading
from proca_web.adapters.engines import migrations
from proca_web.adapters.keyring import keyring_of
from proca_web.app import create_app
from proca_web.domain.pages.tracking import UTM
from proca_web.domain.transient import State
from proca_web.domain.words import ActionStatus, ChangeStatus, KeyEvent, KeyStatus, OutboxState
from proca_web.extensions import db
from proca_web.models import AuditEntry, Base, Org
from proca_web.services.instance import invariants
from proca_web.services.sealing import worker_keys
from proca_web.services.staff import audit
from tests import databases, factories
from tests.factories import FakeClock, World

Kept = dict[str, Any]
FIRST, NEWEST = "0002", "0007"
FILLED: dict[str, Kept] = {
    version: json.loads((Path(__file__).parent / "filled" / f"{version}.json").read_text("utf-8"))
    for version in (FIRST, NEWEST)
}
OF_BOTH = pytest.mark.parametrize("version", [FIRST, NEWEST])
OF_FIRST = pytest.mark.parametrize("version", [FIRST])
BEYOND_32_BITS = 2**40
RENAMED = {
    "audit_entries": ("event", {"key-registered": "key-register", "key-proven": "key-prove"}),
    "outbox": ("kind", {"no_key": "key-lacking", "key_expires": "key-expire-soon"}),
}


# Columns of versions before that have no successor.
DROPPED: tuple[str, ...] = ("deliveries",)
SEALED_ANEW = ("wait_key", "wait_seal")


def moment(kept: Kept) -> datetime:
    """A minute after it was filled."""
    return datetime.fromisoformat(kept["at"]) + timedelta(minutes=1)


@pytest.fixture
def version() -> str:
    """Which version filled the database; a test may ask for others."""
    return NEWEST


@pytest.fixture
def kept(version: str) -> Kept:
    """What that version wrote."""
    return FILLED[version]


@pytest.fixture
def filled(kept: Kept, version: str, tmp_path: Path, empty_url: str, clock: FakeClock) -> Iterator[Flask]:
    """An app of this version on the data folder and the filled database of the version before."""
    clock.moment = moment(kept)
    app = prepare(tmp_path, empty_url, version)
    yield app
    close(app)


@pytest.fixture(scope="session")
def upgraded(shared_folder: Path) -> Callable[[str], Path]:
    """A data folder with SQLite that a version filled, after the upgrade; it is made once a run."""

    def of(version: str) -> Path:
        folder, at = shared_folder / f"upgraded-{version}", moment(FILLED[version])

        def make() -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("proca_web.adapters.clock.now", lambda: at)
                patch.setattr("proca_web.adapters.clock.of_database", lambda _session: at)
                app = prepare(folder, f"sqlite:///{folder / 'proca.db'}", version)
                with app.app_context():
                    upgrade()
                close(app)

        return databases.once(folder, make)

    return of


@pytest.fixture
def world(
    kept: Kept,
    version: str,
    upgraded: Callable[[str], Path],
    tmp_path: Path,
    empty_url: str,
    clock: FakeClock,
) -> Iterator[World]:
    """The same after the upgrade, with the orgs' newest secrets."""
    clock.moment = moment(kept)
    if empty_url.startswith("sqlite"):
        shutil.copytree(upgraded(version), tmp_path, dirs_exist_ok=True)
        app = create_app(factories.settings(tmp_path, empty_url), check=False)
    else:
        app = prepare(tmp_path, empty_url, version)
        with app.app_context():
            upgrade()
    yield World(app, {org: PrivateKey(bytes.fromhex(of_org[-1])) for org, of_org in kept["secrets"].items()})
    close(app)


def prepare(folder: Path, url: str, version: str) -> Flask:
    """The folder and the database as that version left them."""
    for name, content in FILLED[version]["files"].items():
        put_file(folder / name, base64.b64decode(content))
    (folder / "keyring").chmod(0o700)
    (folder / "mailbox").mkdir()
    app = create_app(factories.settings(folder, url), check=False)
    migrations.bind(app)
    with app.app_context():
        upgrade(revision=version)
        fill(FILLED[version])
    return app


def close(app: Flask) -> None:
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()


def put_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)


def tables() -> MetaData:
    """The tables as the database has them now."""
    found = MetaData()
    found.reflect(db.engine)
    return found


def fill(kept: Kept) -> None:
    """Every row of the version before, in its own numbers; sequences stand where that version left them."""
    found = tables().sorted_tables  # before the write: SQLite lets one in at a time
    with db.engine.begin() as connection:
        for table in found:
            columns, given = kept["tables"].get(table.name, {"columns": [], "rows": []}).values()
            if given:  # rows that a migration makes give way to those of the instance that was filled
                connection.execute(delete(table))
            for row in given:
                values = {name: typed(table.c[name].type, value) for name, value in zip(columns, row, strict=True)}
                connection.execute(insert(table).values(values))
            numbered = table.name != "instance" and columns[:1] == ["id"]
            numbered = numbered and not isinstance(table.c.id.type, LargeBinary)
            if numbered and connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT setval('{table.name}_id_seq', {given[-1][0]})"))


def typed(kind: object, value: Any) -> Any:
    """A value of the file as its column takes it."""
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of the database, table by table."""
    found = tables().sorted_tables
    with db.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in found
            if table.name != "alembic_version"
        }


def column(table: str, name: str) -> set[Any]:
    """What stands in a column, in one of the files at least."""
    held = [kept["tables"][table] for kept in FILLED.values()]
    return {row[given["columns"].index(name)] for given in held for row in given["rows"]}


def test_the_files_have_rows_in_every_state() -> None:
    assert column("transients", "state") == set(State) - {State.REMINDING}  # which those versions did not know
    assert column("actions", "status") == set(ActionStatus)
    assert column("actions", "released") == column("contacts", "erased") == {True, False}
    assert column("public_keys", "status") == set(KeyStatus)
    assert column("key_changes", "status") == set(ChangeStatus)
    assert column("outbox", "state") == set(OutboxState)
    assert {seq is None for seq in column("contacts", "seq")} == {True, False}
    assert all(content["rows"] for kept in FILLED.values() for content in kept["tables"].values())


@OF_BOTH
def test_no_row_is_lost_or_changed_but_for_the_words_that_are_renamed(filled: Flask, kept: Kept) -> None:
    with filled.app_context():
        before = rows()
        upgrade()
        after = rows()
    assert sum(map(len, before.values())) == sum(len(content["rows"]) for content in kept["tables"].values())
    for table, held in before.items():
        renamed = RENAMED.get(table, ("", {}))[0]
        changed = "role" if table == "memberships" else ""
        same = [name for row in held[:1] for name in row if name not in (renamed, changed, *DROPPED, *SEALED_ANEW)]
        assert [[row[name] for name in same] for row in after[table]] == [[row[name] for name in same] for row in held]


@OF_BOTH
def test_whatever_waited_leaves_by_the_instances_mail_server_under_its_address(world: World) -> None:
    assert world.query("SELECT DISTINCT transport FROM transients") == [("",)]
    assert set(world.query("SELECT mail_name, mail_from FROM orgs")) == {("", "")}


def test_whoever_owned_the_home_org_runs_the_instance_from_now_on(world: World) -> None:
    roles = world.query("SELECT role, is_home FROM memberships JOIN orgs ON orgs.id = org_id ORDER BY user_id")
    assert {(role, bool(home)) for role, home in roles} == {("owner", False), ("operator", True)}


@OF_BOTH
def test_what_was_recorded_before_is_the_beginning_of_a_chain(world: World, kept: Kept) -> None:
    before = kept["tables"]["audit_entries"]
    with world.app.app_context(), reading() as session:
        chains = [audit.chain_of(session, org) for org in session.scalars(select(Org))]
        actors = set(session.scalars(select(AuditEntry.actor)))
    assert [chain.fault for chain in chains] == ["", "", ""]
    assert sum(len(chain.hashes) for chain in chains) == len(before["rows"])
    assert {actor.partition("@")[0] for actor in actors} >= {"admin"}


def test_whoever_had_a_place_has_it_since_their_account_was_made_and_no_org_is_locked(world: World) -> None:
    apart = "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.created_at <> u.created_at"
    assert world.query(apart) == [(0,)]
    assert world.query("SELECT count(*) FROM orgs WHERE locked_at IS NOT NULL") == [(0,)]


@OF_FIRST
def test_words_of_before_hold_nothing_a_spreadsheet_runs(filled: Flask) -> None:
    before = ("=1+cmd|' /C calc'!A0", "x;=1", "-mail", "Łódź 2026/a~b")
    put = ", ".join(f"utm_{name} = :{name}" for name in UTM)
    with filled.app_context():
        number = len(rows()["actions"])
        with db.engine.begin() as connection:
            connection.execute(text(f"UPDATE actions SET {put}"), dict(zip(UTM, before, strict=True)))
        upgrade()
        after = rows()["actions"]
    assert len(after) == number > 1
    for row in after:
        assert [row[f"utm_{name}"] for name in UTM] == ["1_cmd__ /C calc__A0", "x__1", "mail", "Łódź 2026/a~b"]


@OF_FIRST
def test_what_happened_to_keys_has_one_name_in_the_record_and_among_mails(world: World, kept: Kept) -> None:
    known = {event.told for event in KeyEvent}
    for table, (word, renamed) in RENAMED.items():
        found = {name for (name,) in world.query(f"SELECT DISTINCT {word} FROM {table}")}
        assert found - {"export"} <= known
        for old, new in renamed.items():
            (number,) = world.query(f"SELECT count(*) FROM {table} WHERE {word} = :new", new=new)
            given = kept["tables"][table]
            at = given["columns"].index(word)
            assert number == (sum(row[at] == old for row in given["rows"]),)


def test_every_number_of_postgresql_has_64_bits(world: World) -> None:
    with world.app.app_context():
        if db.engine.dialect.name == "sqlite":
            made = world.query("SELECT name, sql FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
            assert "actions" in {name for name, _ in made}
            assert not [name for name, sql in made if "BIGINT" in sql]
            return
    sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    kinds = {(table, name): kind for table, name, kind in world.query(sql)}
    numbers = {
        (table.name, name.name)
        for table in Base.metadata.sorted_tables
        for name in table.columns
        if name.type.python_type is int
    }
    assert len(numbers) > 40
    assert {kinds[number] for number in numbers} == {"bigint"}
    assert "integer" not in kinds.values()
    assert set(world.query("SELECT data_type::text FROM pg_sequences WHERE schemaname = 'public'")) == {("bigint",)}


def test_numbers_go_on_where_they_were(world: World) -> None:
    newest = {
        name: world.query(f"SELECT max(id) FROM {name}")[0][0] for name in ("actions", "contacts", "audit_entries")
    }
    assert world.sign(world.app.test_client(), email="new@example.org").status_code == 303
    assert world.export("org-one")
    for name, before in newest.items():
        assert world.query(f"SELECT min(id) FROM {name} WHERE id > :before", before=before) == [(before + 1,)]


def test_numbers_beyond_32_bits_are_given_written_and_exported(world: World) -> None:
    with world.app.app_context():
        sqlite = db.engine.dialect.name == "sqlite"
    for name in ("actions", "contacts", "supporters", "public_keys"):
        if sqlite:
            world.execute("UPDATE sqlite_sequence SET seq = :at WHERE name = :name", at=BEYOND_32_BITS, name=name)
        else:
            world.query(f"SELECT setval('{name}_id_seq', {BEYOND_32_BITS})")
    world.execute("UPDATE release_counters SET last_seq = :at", at=BEYOND_32_BITS)
    client = world.app.test_client()
    assert world.sign(client, email="new@example.org", opt_in="yes").status_code == 303
    world.run("mail")
    assert client.post(world.link("new@example.org")).status_code == 303
    world.run("release")
    row = world.export("org-one", f"?since={BEYOND_32_BITS}")[-1]
    assert int(row["seq"]) > BEYOND_32_BITS
    assert int(row["action_id"]) > BEYOND_32_BITS
    assert world.open("org-one", row)["email"] == "new@example.org"


def test_a_link_that_was_mailed_before_still_confirms(world: World, kept: Kept) -> None:
    accepted = "SELECT count(*) FROM actions WHERE status = 'accepted'"
    world.run("accept")
    ((before,),) = world.query(accepted)
    client = world.app.test_client()
    assert client.post(f"/confirm/{kept['waiting']}").status_code == 303
    assert world.query(accepted) == [(before + 1,)]


def test_what_waited_to_be_mailed_is_opened_mailed_and_confirmed(world: World) -> None:
    ((waits,),) = world.query("SELECT count(*) FROM transients WHERE state = 'to_send'")
    world.run("mail")
    links = {mail["to"] for mail in world.mails() if "/confirm/" in mail["text"]}
    assert len(links) >= waits > 0
    assert world.query("SELECT count(*) FROM transients WHERE state = 'to_send'") == [(0,)]
    to = sorted(links)[-1]
    assert world.app.test_client().post(world.link(to)).status_code == 303


@OF_FIRST
def test_whatever_waited_in_any_state_is_sealed_to_this_hosts_first_worker_key(world: World, kept: Kept) -> None:
    given = kept["tables"]["transients"]
    before = {row[0]: row[given["columns"].index("wait_seal")] for row in given["rows"]}
    readable = {action for action, seal in before.items() if seal}
    sealed = world.query("SELECT action_id, wait_key, wait_seal FROM transients WHERE wait_seal IS NOT NULL")
    assert {action for action, *_ in sealed} == readable
    assert len(readable) > 3
    with world.app.app_context(), reading() as session, worker_keys.opener(session, keyring_of(world.app)) as opener:
        for _, key, seal in sealed:
            waiting = opener.open(bytes(seal))
            assert key == 1
            assert waiting is not None
            assert waiting.email.startswith("person")


@OF_FIRST
@pytest.mark.parametrize("keyring", ["away", "another one"])
def test_without_its_keyring_an_upgrade_stops_and_nothing_is_lost(filled: Flask, keyring: str) -> None:
    folder = filled.extensions["proca_keyring"].directory / "transient"
    away = folder.rename(folder.with_name("away"))
    if keyring != "away":
        folder.mkdir()
    with filled.app_context():
        before = rows()
        with pytest.raises(SystemExit):
            upgrade()
        assert rows() == before
        away.rename(folder)
        upgrade()


@OF_FIRST
def test_staff_get_the_mails_that_waited_for_them(world: World) -> None:
    ((waits,),) = world.query("SELECT count(*) FROM outbox WHERE state = 'to_send'")
    world.run("mail")
    assert waits == 9
    assert world.query("SELECT count(*) FROM outbox WHERE state = 'to_send'") == [(0,)]


@pytest.mark.parametrize("org", ["org-one", "org-two"])
def test_copies_are_exported_and_opened_as_before(world: World, kept: Kept, org: str) -> None:
    opened = [
        world.open(org, row, secret=secret)["email"]
        for row in world.export(org)
        if row["payload"]
        for secret in [PrivateKey(bytes.fromhex(kept["secrets"][org][0]))]
    ]
    assert opened
    assert all(email.startswith("person") for email in opened)


@OF_BOTH
def test_no_invariant_is_broken_by_the_upgrade(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), reading() as session:
        home, keyring = world.app.extensions["proca_encryption"].home, world.app.extensions["proca_keyring"]
        assert invariants.faults(session, home.identity, keyring, clock()) == []
