"""What an operator types: setting up, checking, upgrading, and making orgs, people, campaigns and pages."""

import fcntl
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from flask_migrate import downgrade

from proca_web import config
from proca_web.adapters import start
from proca_web.adapters.engines import migrations
from proca_web.app import create_app
from proca_web.cli import main, operate
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.staff import passwords
from tests import factories, relay
from tests.cli import running
from tests.cli.instance import OPERATOR, Instance, Made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_files_that_only_their_owner_reads(initiated: Made) -> None:
    modes = {name: mode(initiated.folder / name) for name in ("home.key", "keyring", "proca.db", ".")}
    assert modes == {"home.key": 0o600, "keyring": 0o700, "proca.db": 0o600, ".": 0o700}
    assert {mode(path) for path in (initiated.folder / "keyring").iterdir()} == {0o700}


def test_init_says_that_the_home_key_must_be_copied_and_shows_the_password_once(initiated: Made) -> None:
    assert f"Home key made: {initiated.folder / 'home.key'}" in initiated.output
    assert "Copy this file offline now." in initiated.output
    assert initiated.output.count("Password (shown once): ") == 1
    secret = (initiated.folder / "home.key").read_text().strip()
    assert secret not in initiated.output


def test_the_operator_that_init_made_can_sign_in(initiated: Made, instance: Instance) -> None:
    password = initiated.output.partition("Password (shown once): ")[2].split()[0]
    query = "SELECT email, password_hash, role FROM users JOIN memberships ON user_id = id"
    ((email, hashed, role),) = instance.sql(query)
    assert (email, role) == (OPERATOR, "operator")
    assert passwords.verify_password(hashed, password)


def test_the_database_knows_the_public_halves_of_the_home_key_and_not_the_secret(instance: Instance) -> None:
    home = HomeKey.from_file(instance.folder / "home.key")
    assert instance.sql("SELECT kind, public, sign_public FROM public_keys") == [
        ("home", home.box_public, home.identity)
    ]
    secret = factories.b64((instance.folder / "home.key").read_text().strip())
    assert secret not in (instance.folder / "proca.db").read_bytes()


def test_a_second_init_keeps_the_key_and_the_operator(instance: Instance) -> None:
    key = (instance.folder / "home.key").read_bytes()
    said = instance.refuses("init", "--email", OPERATOR)
    assert f"there is a user {OPERATOR} already" in said
    assert (instance.folder / "home.key").read_bytes() == key
    assert instance.sql("SELECT count(*) FROM public_keys") == [(1,)]


def test_init_makes_no_new_key_for_a_database_that_has_lost_its_own(instance: Instance) -> None:
    (instance.folder / "home.key").unlink()
    said = instance.refuses("init", "--email", "other@example.org", code=2)
    assert "the database belongs to a Home key; restore your copy of it" in said
    assert not (instance.folder / "home.key").exists()


def test_init_with_another_key_than_the_databases_adds_nobody(instance: Instance) -> None:
    (instance.folder / "home.key").unlink()
    write_new_home_key(instance.folder / "home.key")
    assert "not the one this database knows" in instance.refuses("init", "--email", "other@example.org", code=2)
    assert instance.sql("SELECT email FROM users") == [(OPERATOR,)]


def test_an_init_that_refuses_the_operator_can_be_repeated(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    short = ("--password-file", str(tmp_path / "short"))
    assert "Please write one e-mail address" in instance.refuses("init", "--email", "not an address")
    assert "a password has 12 to 128" in instance.refuses("init", "--email", "other@example.org", *short)
    assert "Operator: other@example.org" in instance.does("init", "--email", "other@example.org")


def test_every_command_that_starts_something_names_all_faults_and_exits_2(instance: Instance) -> None:
    done = running.run("serve", env=instance.env | {"PROCA_SENDER": "x", "PROCA_MAIL_FROM": "", "PROCA_SECRET_KEY": ""})
    assert done.returncode == 2
    for name in ("PROCA_SENDER", "PROCA_MAIL_FROM", "PROCA_SECRET_KEY"):
        assert name in done.stderr
    assert done.stdout == ""


def test_every_command_has_help(instance: Instance) -> None:
    def names(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, command in group.commands.items():
            yield (*path, name)
            if isinstance(command, click.Group):
                yield from names(command, (*path, name))

    for path in names(main):
        if path[0] not in ("test", "bench"):
            assert "Usage:" in instance.does(*path, "--help")


def test_check_is_content_with_a_fresh_instance(page: Instance) -> None:
    assert "✓ all is well" in page.does("check")


def test_check_exits_1_with_every_fault_of_the_start(instance: Instance) -> None:
    (instance.folder / "home.key").chmod(0o644)
    (instance.folder / "keyring").chmod(0o755)
    said = instance.refuses("check", PROCA_SENDER="x")
    assert said.count("✗") == 3
    for part in ("PROCA_SENDER", "chmod 600", "chmod 700"):
        assert part in said


OLD = "2020-01-01 00:00:00.000000"
SIGNED = (
    "INSERT INTO actions (id, ref, action_page_id, created_at, consent) VALUES (1, randomblob(16), 1, '{old}', 'h')",
    "INSERT INTO transients (action_id, state, link_seal, wait_key, wait_seal, sealed_at, next_try, created_at) "
    "VALUES (1, {values}, '{old}')",
)
BROKEN = {
    "the Home Org owns a campaign": ("UPDATE campaigns SET org_id = (SELECT id FROM orgs WHERE is_home)",),
    "page trees is live, but org-one has no active key": (
        "UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient'",
    ),
    "page trees is live without a wording": ("DELETE FROM consent_texts",),
    "must not be encrypted for": ("UPDATE public_keys SET public = zeroblob(32) WHERE kind = 'recipient'",),
    "entry 1 of the key log was not written by the Home identity": (
        "UPDATE key_log SET entry = replace(entry, 'org-one', 'org-two')",
    ),
    "the key log has 1 entries, the keyring remembers 2": ("DELETE FROM key_log WHERE position = 1",),
    "the key log does not lead to the Home key": ("DELETE FROM key_log",),
    "of org-one is active, but not signed by the Home key: it is not used": (
        "UPDATE public_keys SET public = randomblob(32) WHERE kind = 'recipient'",
    ),
    "of org-one is active, but not by the key log": (
        "UPDATE public_keys SET role = 'recovery' WHERE kind = 'recipient'",
    ),
    "is not in the key log": (
        "INSERT INTO public_keys (org_id, kind, role, status, public, sign_public, fingerprint, created_at) "
        "SELECT org_id, kind, role, 'retired', randomblob(32), sign_public, fingerprint, created_at "
        "FROM public_keys WHERE kind = 'home'",
    ),
    "1 addresses are readable for more than 7 days": (
        SIGNED[0],
        SIGNED[1].format(values="'to_send', x'00', 7, x'00', '{old}', '{old}'", old="{old}"),
    ),
    "1 addresses are 3 days over the 14 to confirm": (
        SIGNED[0],
        SIGNED[1].format(values="'waiting', x'00', NULL, NULL, NULL, '{old}'", old="{old}"),
    ),
    "no worker host has a key of 1 waiting addresses": (
        SIGNED[0],
        SIGNED[1].format(values="'to_send', x'00', 7, x'00', '{old}', '{old}'", old="{old}"),
    ),
    "campaign 1 has fingerprints, and its key is not in the keyring": (
        "INSERT INTO supporters (campaign_id, fingerprint, created_at) VALUES (1, randomblob(32), '{old}')",
    ),
    "no worker was seen for three minutes": ("INSERT INTO heartbeats VALUES ('worker', '{old}')",),
    "the counter stands at 0": (
        SIGNED[0],
        "INSERT INTO release_counters (org_id, role, last_seq) VALUES (2, 'recipient', 0)",
        "INSERT INTO contacts (action_id, org_id, contact_ref, deliver, given_at, erased, seq) "
        "VALUES (1, 2, randomblob(16), true, '{old}', true, 7)",
    ),
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_check_exits_1_with_a_sentence_when_an_invariant_is_broken(page: Instance, sentence: str) -> None:
    Keyring(page.folder / "keyring").become_worker()
    for statement in BROKEN[sentence]:
        page.sql(statement.replace("{old}", OLD))
    said = page.refuses("check")
    assert said.startswith("✗ ")
    assert sentence in said


def test_check_says_what_it_did_not_look_at_and_all_looks_at_everything(page: Instance) -> None:
    numbers = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 3000)"
    page.sql(
        "INSERT INTO actions (id, ref, action_page_id, status, created_at, accepted_at, consent, released) "
        f"{numbers} SELECT i, zeroblob(16), 1, 'accepted', '{OLD}', '{OLD}', 'h', true FROM numbers"
    )
    page.sql(
        "INSERT INTO contacts (action_id, org_id, contact_ref, deliver, given_at, erased, seq) "
        f"{numbers} SELECT i, 2, zeroblob(16), true, '{OLD}', true, i FROM numbers"
    )
    page.sql("INSERT INTO release_counters (org_id, role, last_seq) VALUES (2, 'recipient', 3000)")
    page.sql("UPDATE campaigns SET supporter_count = 5")
    said = page.does("check")
    assert "of about 3,000 signatures; `check --all` looks at all of them" in said
    refused = page.command("check", "--all")
    assert refused.exit_code == 1
    assert "looked at" not in refused.stdout
    assert refused.stderr.startswith("✗ campaign trees shows 5 signatures, and 0 are counted")


@pytest.mark.parametrize("line", ["no guard\n", "7 {hash} home -\n"])
def test_check_exits_1_when_the_guard_is_damaged(page: Instance, line: str) -> None:
    (page.folder / "keyring" / "guard" / "key-log").write_text(line.replace("{hash}", "A" * 43))
    assert "✗ line 1 of the guard's key-log is" in page.refuses("check")


def test_check_proves_a_good_copy_of_the_home_key(instance: Instance, tmp_path: Path) -> None:
    copy = Path(shutil.copy2(instance.folder / "home.key", tmp_path / "offline.key"))
    assert f"✓ {copy} is a good copy of the Home key" in instance.does("check", "--home-backup", str(copy))


def test_a_copy_on_a_stick_that_knows_no_modes_is_a_copy(instance: Instance, tmp_path: Path) -> None:
    copy = Path(shutil.copy2(instance.folder / "home.key", tmp_path / "stick.key"))
    copy.chmod(0o755)
    assert "is a good copy of the Home key" in instance.does("check", "--home-backup", str(copy))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("another", "is not a copy of this instance's Home key"),
        ("damaged", "43 characters"),
        ("missing", "does not exist"),
    ],
)
def test_check_refuses_what_is_no_copy_of_the_home_key(
    instance: Instance, tmp_path: Path, made: str, said: str
) -> None:
    copy = tmp_path / "offline.key"
    if made == "another":
        write_new_home_key(copy)
    if made == "damaged":
        shutil.copy2(instance.folder / "home.key", copy)
        copy.write_text(copy.read_text()[:40])
    assert said in instance.refuses("check", "--home-backup", str(copy))


def test_check_says_what_a_limit_of_the_mail_server_means_in_mails_a_second(page: Instance) -> None:
    said = page.does("check", PROCA_MAIL_CONNECTIONS="10")
    assert "at most 10 connections to the mail server (PROCA_MAIL_CONNECTIONS): about 38 to 48 mails a second" in said
    with relay.running() as post:
        address = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(post.port), "PROCA_MAIL_TLS": "none"}
        said = page.does("check", "--mail-to", "zofia@example.org", **address)
    assert "a worker opens at most 64 connections, which carry " in said
    assert [message["Subject"] for message in relay.messages(post)] == ["proca_web: mail works"]
    assert "zofia" not in said


def test_check_looks_at_mail_servers_of_orgs_own_and_sends_by_each(page: Instance, tmp_path: Path) -> None:
    with relay.running() as post, relay.running() as own:
        env = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(post.port), "PROCA_MAIL_TLS": "none"}
        table = f"[org-one]\nserver='127.0.0.1'\ntls='none'\nport={own.port}\nfrom='one@org-one.example'\n"
        set_up = env | {"PROCA_MAIL_TRANSPORTS": table}
        page.does("check", "--mail-to", "zofia@example.org", "--transport", "org-one", **set_up)
        assert (len(post.taken), [str(message["From"]) for message in relay.messages(own)]) == (
            0,
            ["one@org-one.example"],
        )
        said = page.does("check", "--mail-to", "zofia@example.org", **set_up)
        assert (len(post.taken), len(own.taken)) == (1, 2)
        assert f"127.0.0.1:{own.port} of org-one: the test mail took" in said
        said = page.refuses("check", "--mail-to", "zofia@example.org", "--transport", "org-two", **set_up)
        assert "org-two has no mail server of its own" in said
    table = table.replace("from='one@org-one.example'", f"username='u'\npassword_file='{tmp_path / 'none'}'")
    said = page.refuses("check", PROCA_MAIL_TRANSPORTS=f"{table}[org-none]\nserver='a.example'\n")
    assert "PROCA_MAIL_TRANSPORTS names org-none, which is no organisation here" in said
    assert "[org-one] has no from, and org-one no --mail-from: its mails come from PROCA_MAIL_FROM" in said
    assert f"[org-one]: password_file {tmp_path / 'none'} cannot be read" in said
    refused = running.run("sweep", env=page.env | {"PROCA_MAIL_TRANSPORTS": table})
    assert refused.returncode == 2
    assert "cannot be read" in refused.stderr


def test_check_says_when_no_mail_leaves(instance: Instance, free_port: int) -> None:
    said = instance.refuses("check", "--mail-to", "zofia@example.org", PROCA_MAIL_PORT=str(free_port))
    assert "the test mail could not be sent" in said
    assert "zofia" not in said


def test_upgrade_saves_a_copy_and_prints_the_schema(page: Instance) -> None:
    said = page.does("upgrade")
    assert f"✓ schema {start.SCHEMA}" in said
    (saved,) = page.folder.glob("proca.db.*.backup")
    assert f"saved: {saved}" in said
    assert mode(saved) == 0o600
    with closing(sqlite3.connect(saved)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT name FROM action_pages").fetchall() == [("trees",)]


@pytest.fixture
def older(page: Instance) -> Instance:
    """The same instance as a version without a key log would have left it."""
    app = create_app(config.read(page.env)[0], check=False)
    migrations.bind(app)
    with app.app_context():
        downgrade(revision="0001")
        db.engine.dispose()
    shutil.rmtree(page.folder / "keyring" / "guard")
    return page


def test_the_upgrade_that_brings_the_key_log_endorses_the_keys_that_receive(older: Instance) -> None:
    assert "✓ 1 keys signed; have each organisation compare its fingerprint at /keys" in older.does("upgrade")
    logged = [json.loads(entry)["event"] for (entry,) in older.sql("SELECT entry FROM key_log ORDER BY position")]
    assert logged == ["home", "activate"]
    assert len((older.folder / "keyring" / "guard" / "key-log").read_text().splitlines()) == 2
    assert "✓ all is well" in older.does("check")


@pytest.mark.parametrize("lost", [None, "guard"])
def test_a_later_upgrade_endorses_nothing(older: Instance, lost: str | None) -> None:
    older.does("upgrade")
    if lost:
        shutil.rmtree(older.folder / "keyring" / lost)
    older.sql("UPDATE public_keys SET public = randomblob(32), endorsement = NULL WHERE kind = 'recipient'")
    assert "endorsed" not in older.does("upgrade")
    assert older.sql("SELECT endorsement FROM public_keys WHERE kind = 'recipient'") == [(None,)]


def test_a_log_that_was_emptied_is_not_begun_anew_by_an_upgrade(page: Instance) -> None:
    page.sql("DELETE FROM key_log")
    page.sql("UPDATE public_keys SET public = randomblob(32), endorsement = NULL WHERE kind = 'recipient'")
    assert "the key log does not lead to the Home key" in page.refuses("upgrade")
    assert page.sql("SELECT endorsement FROM public_keys WHERE kind = 'recipient'") == [(None,)]
    assert page.sql("SELECT * FROM key_log") == []


def test_two_upgrades_in_one_second_save_two_copies(instance: Instance) -> None:
    instance.does("upgrade")
    instance.does("upgrade")
    assert len(list(instance.folder.glob("proca.db.*.backup"))) == 2


def test_upgrade_has_nothing_to_do_where_there_is_no_database(instance: Instance) -> None:
    (instance.folder / "proca.db").unlink()
    assert "run: python3 -m proca_web init" in instance.refuses("upgrade", code=2)
    assert not (instance.folder / "proca.db").exists()


def test_upgrade_refuses_beside_a_process_that_serves(instance: Instance) -> None:
    lock = os.open(instance.folder / "serving.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert "still serves this database" in instance.refuses("upgrade")
        assert not list(instance.folder.glob("proca.db.*.backup"))
        instance.does("upgrade", "--yes-all-stopped")
    finally:
        os.close(lock)
    instance.does("upgrade")


def beats(instance: Instance, minutes: int = 0) -> None:
    """A worker was seen, as any version writes it down."""
    moment = (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S.%f")
    instance.sql("INSERT OR REPLACE INTO heartbeats (name, seen_at) VALUES ('worker', ?)", moment)


def test_upgrade_refuses_beside_a_worker_that_is_seen_again(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats(instance)
    monkeypatch.setattr(operate, "sleep", lambda _seconds: beats(instance))
    assert "still serves this database" in instance.refuses("upgrade")
    assert not list(instance.folder.glob("proca.db.*.backup"))


def test_upgrade_goes_on_once_no_worker_is_seen_any_more(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    beats(instance, minutes=5)
    instance.does("upgrade")
    beats(instance)
    monkeypatch.setattr(operate, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(operate, "BEAT_WITHIN", timedelta(seconds=0.2))
    instance.does("upgrade")


def test_what_is_not_there_just_now_ends_with_another_code_than_a_wrong_setting(
    instance: Instance, free_port: int
) -> None:
    away = {"PROCA_DATABASE_URL": f"postgresql://proca:hunter2@127.0.0.1:{free_port}/proca"}
    for command in ("sweep", "upgrade"):
        said = instance.refuses(command, code=69, **away)
        assert "try again later" in said
        assert "hunter2" not in said
    assert "the processes wait for it" in instance.refuses("check", code=1, **away)
    assert instance.refuses("sweep", code=2, **away, PROCA_SENDER="x")
