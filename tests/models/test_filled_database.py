"""A database that a version before filled, with rows in every state, is brought to this one: nothing is lost."""

import html
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from sqlalchemy import Table, select, text

from proca_web.adapters.database import reading, writing
from proca_web.adapters.engines import migrations
from proca_web.adapters.keyring import keyring_of
from proca_web.app import create_app
from proca_web.domain.pages.tracking import UTM
from proca_web.domain.transient import State
from proca_web.domain.words import ActionStatus, ChangeStatus, DayEvent, KeyEvent, KeyStatus, OutboxState, Publication
from proca_web.extensions import db
from proca_web.models import AuditEntry, Base, Count, Org
from proca_web.services.instance import invariants
from proca_web.services.petitions import counting
from proca_web.services.sealing import worker_keys
from proca_web.services.staff import audit
from proca_web.services.staff.second_factor import sealing
from tests import factories
from tests.blueprints.console.second_factor import phone
from tests.factories import FakeClock, World
from tests.models.before import (
    FILLED,
    FIRST,
    NEWEST,
    SECOND,
    Kept,
    Upgraded,
    close,
    moment,
    prepare,
    rows,
    tables,
    typed,
)

OF_ALL = pytest.mark.parametrize("version", [FIRST, SECOND, NEWEST])
OF_OLD = pytest.mark.parametrize("version", [FIRST, SECOND])
OF_FIRST = pytest.mark.parametrize("version", [FIRST])
OF_SECOND = pytest.mark.parametrize("version", [SECOND])
BEYOND_32_BITS = 2**40
RENAMED = {
    "audit_entries": ("event", {"key-registered": "key-register", "key-proven": "key-prove"}),
    "outbox": ("kind", {"no_key": "key-lacking", "key_expires": "key-expire-soon"}),
}
# What an upgrade writes otherwise than it was, or has no successor for: tests of their own look at it.
CHANGED: dict[str, dict[str, set[str]]] = {
    FIRST: {
        "audit_entries": {"event"},
        "outbox": {"kind"},
        "memberships": {"role"},
        "transients": {"wait_key", "wait_seal", "deliveries"},
    },
    SECOND: {"memberships": {"role"}},
    NEWEST: {},
}
DAYS = "day_counts"


@pytest.fixture
def version() -> str:
    """Which version filled the database; a test may ask for others."""
    return NEWEST


@pytest.fixture
def kept(version: str) -> Kept:
    """What that version wrote."""
    return FILLED[version]


@pytest.fixture
def filled(version: str, tmp_path: Path, empty_url: str, clock: FakeClock) -> Iterator[Flask]:
    """An app of this version on the data folder and the filled database of the version before."""
    clock.moment = moment(version)
    app = prepare(tmp_path, empty_url, version)
    yield app
    close(app)


@pytest.fixture(scope="session")
def upgraded(shared_folder: Path) -> Iterator[Upgraded]:
    """What the upgrade makes of each."""
    made = Upgraded(shared_folder)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(
    request: pytest.FixtureRequest, version: str, upgraded: Upgraded, tmp_path: Path, clock: FakeClock
) -> str:
    """A filled database after the upgrade, once for each kind."""
    clock.moment = moment(version)
    postgres = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return upgraded.begin(version, tmp_path, postgres)


@pytest.fixture
def world(kept: Kept, tmp_path: Path, database_url: str) -> Iterator[World]:
    """The same with an app of this version, and the orgs' newest secrets."""
    app = create_app(factories.settings(tmp_path, database_url), check=False)
    yield World(app, {org: PrivateKey(bytes.fromhex(of_org[-1])) for org, of_org in kept["secrets"].items()})
    close(app)


def column(table: str, name: str) -> set[Any]:
    """What stands in a column, in one of the files at least."""
    held = [kept["tables"][table] for kept in FILLED.values()]
    return {row[given["columns"].index(name)] for given in held for row in given["rows"]}


def test_the_files_have_rows_in_every_state() -> None:
    assert column("transients", "state") == set(State)
    assert column("actions", "status") == set(ActionStatus)
    assert column("actions", "released") == column("contacts", "erased") == {True, False}
    assert column("public_keys", "status") == set(KeyStatus)
    assert column("key_changes", "status") == set(ChangeStatus)
    assert column("outbox", "state") == set(OutboxState)
    assert {seq is None for seq in column("contacts", "seq")} == {True, False}
    assert column("campaigns", "status") == column("action_pages", "status") == set(Publication) - {Publication.PAUSED}
    assert column(DAYS, "event") == set(DayEvent) - {DayEvent.SUBMITTED, DayEvent.MAILED}
    assert all(content["rows"] for kept in FILLED.values() for content in kept["tables"].values())


def held(content: dict[str, Any], table: Table, but: set[str]) -> list[str]:
    """The rows of a table as a file has them, without some columns."""
    places = [(place, table.c[name].type) for place, name in enumerate(content["columns"]) if name not in but]
    return sorted(str([typed(kind, row[place]) for place, kind in places]) for row in content["rows"])


def has(found: list[dict[str, Any]], content: dict[str, Any], but: set[str]) -> list[str]:
    """The rows of a table as the database has them, in the same columns."""
    names = [name for name in content["columns"] if name not in but]
    return sorted(str([row[name] for name in names]) for row in found)


@OF_ALL
def test_no_row_is_lost_or_changed_but_for_the_words_that_are_renamed(world: World, kept: Kept, version: str) -> None:
    with world.app.app_context():
        found = tables()
        after = rows(found)
    for table in set(kept["tables"]) - {DAYS}:
        content, but = kept["tables"][table], CHANGED[version].get(table, set())
        assert has(after[table], content, but) == held(content, found.tables[table], but), table


@OF_OLD
def test_whatever_waited_leaves_by_the_instances_mail_server_under_its_address(world: World) -> None:
    assert world.query("SELECT DISTINCT transport FROM transients") == [("",)]
    assert set(world.query("SELECT mail_name, mail_from FROM orgs")) == {("", "")}


@OF_SECOND
def test_whoever_owned_the_home_org_runs_the_instance_from_now_on(world: World) -> None:
    roles = world.query("SELECT role, is_home FROM memberships JOIN orgs ON orgs.id = org_id ORDER BY user_id")
    assert {(role, bool(home)) for role, home in roles} == {("owner", False), ("operator", True)}


@OF_ALL
def test_what_was_recorded_before_is_the_beginning_of_a_chain(world: World, kept: Kept) -> None:
    before = kept["tables"]["audit_entries"]
    with world.app.app_context(), reading() as session:
        chains = [audit.chain_of(session, org) for org in session.scalars(select(Org))]
        actors = set(session.scalars(select(AuditEntry.actor)))
    assert {chain.fault for chain in chains} == {""}
    assert len(chains) == len(kept["tables"]["orgs"]["rows"])
    assert sum(len(chain.hashes) for chain in chains) == len(before["rows"])
    assert {actor.partition("@")[0] for actor in actors} >= {"admin"}


@OF_SECOND
def test_whoever_had_a_place_has_it_since_their_account_was_made_and_no_org_is_locked(world: World) -> None:
    apart = "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.created_at <> u.created_at"
    assert world.query(apart) == [(0,)]
    assert world.query("SELECT count(*) FROM orgs WHERE locked_at IS NOT NULL") == [(0,)]


@OF_FIRST
def test_words_of_before_hold_nothing_a_spreadsheet_runs(filled: Flask) -> None:
    before = ("=1+cmd|' /C calc'!A0", "x;=1", "-mail", "Łódź 2026/a~b")
    put = ", ".join(f"utm_{name} = :{name}" for name in UTM)
    with filled.app_context():
        number = len(rows(tables())["actions"])
        with db.engine.begin() as connection:
            connection.execute(text(f"UPDATE actions SET {put}"), dict(zip(UTM, before, strict=True)))
        upgrade()
        after = rows(tables())["actions"]
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


@OF_ALL
def test_a_link_that_was_mailed_before_still_confirms(world: World, kept: Kept) -> None:
    accepted = "SELECT count(*) FROM actions WHERE status = 'accepted'"
    world.run("accept")
    ((before,),) = world.query(accepted)
    client = world.app.test_client()
    assert client.post(f"/confirm/{kept['waiting']}").status_code == 303
    assert world.query(accepted) == [(before + 1,)]


def test_what_waited_to_be_mailed_is_opened_mailed_and_confirmed(world: World, clock: FakeClock) -> None:
    ((waits,),) = world.query("SELECT count(*) FROM transients WHERE state = 'to_send'")
    clock.forward(minutes=10)  # one waits after an end that nobody knows
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
        before = rows(tables())
        with pytest.raises(SystemExit):
            upgrade()
        assert rows(tables()) == before
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
    secrets = [PrivateKey(bytes.fromhex(secret)) for secret in kept["secrets"][org]]
    exported = [row for row in world.export(org) if row["payload"]]
    opened = [opens(world, org, row, secret) for row in exported for secret in secrets]
    emails = [email for email in opened if email]
    assert len(emails) == len(exported) > 0
    assert all(email.startswith("person") for email in emails)


def opens(world: World, org: str, row: dict[str, str], secret: PrivateKey) -> str:
    """The address in a copy; nothing where it was sealed to another key."""
    try:
        return str(world.open(org, row, secret=secret)["email"])
    except CryptoError:
        return ""


@OF_ALL
def test_no_invariant_is_broken_by_the_upgrade(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), reading() as session:
        home, keyring = world.app.extensions["proca_encryption"].home, world.app.extensions["proca_keyring"]
        assert invariants.faults(session, home.identity, keyring, clock()) == []


def days_of(kept: Kept) -> dict[tuple[int, date, str], int]:
    """What was counted: how often something happened on a page and day."""
    content = kept["tables"][DAYS]
    at = [content["columns"].index(name) for name in ("action_page_id", "day", "event", "number")]
    found = [[row[place] for place in at] for row in content["rows"]]
    return {(page, date.fromisoformat(day), event): number for page, day, event, number in found}


@OF_ALL
def test_what_was_counted_a_day_is_a_days_number(world: World, kept: Kept) -> None:
    with world.app.app_context(), reading() as session:
        counts = session.scalars(select(Count)).all()
    assert {(each.span, each.dimension, each.value, each.hour.time()) for each in counts} == {("day", "", "", time())}
    assert {(each.action_page_id, each.hour.date(), each.event): each.number for each in counts} == days_of(kept)
    assert len(counts) == len(days_of(kept))


def test_the_day_of_the_upgrade_is_counted_on_by_the_hour(world: World, kept: Kept, clock: FakeClock) -> None:
    ((page, campaign),) = world.query("SELECT id, campaign_id FROM action_pages WHERE name = 'trees'")
    pages = {number for (number,) in world.query(f"SELECT id FROM action_pages WHERE campaign_id = {campaign}")}
    come = Counter({clock().date(): 2})
    for (on, day, event), number in days_of(kept).items():
        come[day] += number if on in pages and event == DayEvent.CONFIRMED else 0
    with world.app.app_context(), writing() as session:
        for _ in range(2):
            counting.add(session, page, DayEvent.CONFIRMED, clock())
        found = counting.per_day(session, [campaign], clock().date(), 60)[campaign]
    assert {each.day: each.confirmed for each in found if each.confirmed} == +come
    assert len(+come) > 2


def test_every_page_keeps_its_address_and_says_what_it_said(world: World, kept: Kept) -> None:
    found = world.query(
        "SELECT p.name, p.slug, p.status, c.status, p.title, p.demand, c.supporter_count, w.hash FROM action_pages p "
        "JOIN campaigns c ON c.id = p.campaign_id "
        "LEFT JOIN consent_texts w ON w.action_page_id = p.id AND w.valid_until IS NULL"
    )
    client = world.app.test_client()
    for name, slug, *states, title, demand, number, wording in found:
        page = client.get(f"/p/{name}")
        said = html.unescape(page.text)
        assert (slug, page.status_code) == (name, 200)
        assert title in said
        assert demand in said
        assert ("<form" in said) is (states == ["live", "live"])
        assert (f'value="{wording}"' in said) is (states == ["live", "live"])
        assert client.get(f"/p/{name}/count.json").json["count"] == number
    assert len(found) == len(kept["tables"]["action_pages"]["rows"])


def test_no_comment_of_before_is_shown(world: World) -> None:
    """Whoever wrote one had read that this site shows it nowhere."""
    ((written,),) = world.query("SELECT count(*) FROM actions WHERE custom_fields <> '{}'")
    assert written > 0
    assert world.query("SELECT count(*) FROM comments") == [(0,)]


def test_a_second_step_of_before_opens_the_console(world: World) -> None:
    email = "second@org-one.example.org"
    ((user, seal),) = world.query(
        "SELECT user_id, seal FROM totp_factors JOIN users ON users.id = user_id WHERE email = :email", email=email
    )
    opened = sealing.open_(bytes(seal), user, world.app.extensions["proca_settings"].secret_keys)
    assert opened is not None
    client = world.app.test_client()
    assert phone.sign_in(client, email, phone.Phone(opened[0]).code()).status_code == 303
    assert client.get("/console/org-one/people").status_code == 200


def test_the_version_before_finds_its_rows_again_and_by_the_day_what_was_counted_since(
    world: World, kept: Kept, clock: FakeClock
) -> None:
    late = datetime.combine(clock().date(), time(23, 30), UTC)
    with world.app.app_context(), writing() as session:
        for event in (DayEvent.REFUSED, DayEvent.UNSURE, DayEvent.SUBMITTED, DayEvent.MAILED):
            counting.add(session, 1, event, late, 3)
    world.execute("UPDATE action_pages SET status = 'paused', slug = 'of-last-year' WHERE name = 'trees-2025'")
    migrations.bind(world.app)
    with world.app.app_context():
        try:
            downgrade(revision=NEWEST)
            found = tables()
            after = rows(found)
        finally:
            upgrade()
    assert set(after) == set(kept["tables"])
    for table in set(after) - {DAYS}:  # what rested is closed, as it was
        assert has(after[table], kept["tables"][table], set()) == held(
            kept["tables"][table], found.tables[table], set()
        )
    days = {(row["action_page_id"], row["day"], row["event"]): row["number"] for row in after[DAYS]}
    assert days == Counter(days_of(kept)) + Counter(
        dict.fromkeys([(1, late.date(), "refused"), (1, late.date(), "unsure")], 3)
    )
    assert world.query("SELECT DISTINCT span FROM counts") == [("day",)]
    assert world.query("SELECT name FROM action_pages WHERE slug <> name") == []
