"""`keys rotate-home` and `keys rotate-sender`: what changes and stays, cut short, refused, and rows from before."""

import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nacl.signing import VerifyKey

from proca_web.cli import keys
from proca_web.config import ConfigError
from proca_web.crypto.keys.home import HomeKey
from proca_web.org_tool.cli import main as proca_org
from proca_web.services.keys import home as home_keys
from proca_web.services.staff import record_heads
from tests.cli.operated import Site, senders, signature
from tests.factories import World, b64, encode
from tests.key_holder import Holder, Owner, fingerprint, label

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COMPLETE = "✓ the rotation that was cut off is complete"


class PowerCut(BaseException):
    """Nothing is said and nothing is cleaned up."""


# What a rotation does


@ON_SQLITE
@pytest.mark.parametrize("typed", [None, "n\n", "\n"])
def test_it_asks_first_and_without_a_yes_nothing_changes(site: Site, typed: str | None) -> None:
    before = site.state()
    site.refuses("keys", "rotate-home", typed=typed)
    assert site.state() == before
    assert list(site.folder.glob("home.key*")) == [site.home_file]


@ON_SQLITE
@pytest.mark.parametrize(("options", "typed"), [((), "y\n"), (("--yes",), None)])
def test_with_a_yes_it_says_the_new_identity_and_what_to_do_now(
    site: Site, options: tuple[str, ...], typed: str | None
) -> None:
    said = site.does("keys", "rotate-home", *options, typed=typed)
    assert ("Go on?" in said) is (typed is not None)
    assert f"✓ new Home identity {encode(site.home.identity)}" in said
    assert f"fingerprint {fingerprint(site.home.identity)}" in said
    assert "✓ 2 keys of organisations signed by it" in said
    assert "copy the new key file offline" in said
    assert "did not sign" not in said
    for file in (site.home_file, *site.old_files):
        assert file.read_text().strip() not in said


@ON_SQLITE
def test_the_new_key_is_in_place_and_the_old_one_beside_it_and_nobody_else_reads_them(site: Site) -> None:
    before = site.home_file.read_bytes()
    site.does("keys", "rotate-home", "--yes")
    (old,) = site.old_files
    assert old.read_bytes() == before
    assert site.home_file.read_bytes() != before
    assert sorted(site.folder.glob("*home.key*")) == [site.home_file, old]
    assert {stat.S_IMODE(file.stat().st_mode) for file in (old, site.home_file)} == {0o600}


def test_check_is_content_afterwards_and_tells_the_new_copy_from_the_old(site: Site) -> None:
    site.does("keys", "rotate-home", "--yes")
    assert "✓ all is well" in site.does("check")
    assert "is a good copy" in site.does("check", "--home-backup", str(site.home_file))
    (old,) = site.old_files
    assert f"{old} is not a copy of this instance's Home key" in site.refuses("check", "--home-backup", str(old))


def test_the_old_identity_signs_for_the_new_one_which_endorses_every_key_at_its_old_place(site: Site) -> None:
    old, places = site.home, site.world.query("SELECT public, log_index FROM public_keys WHERE kind = 'recipient'")
    site.does("keys", "rotate-home", "--yes")
    new = site.home
    homes = site.world.query("SELECT status, public, sign_public FROM public_keys WHERE kind = 'home' ORDER BY id")
    assert [(status, bytes(public), bytes(sign)) for status, public, sign in homes] == [
        ("retired", old.box_public, old.identity),
        ("active", new.box_public, new.identity),
    ]
    (row,) = site.world.query("SELECT entry, hash, signature, position FROM key_log ORDER BY position DESC LIMIT 1")
    entry = json.loads(row.entry)
    assert (entry["event"], b64(entry["identity"]), b64(entry["box"])) == ("home-rotate", new.identity, new.box_public)
    said = label("home-rotate") + new.identity + new.box_public + entry["time"].to_bytes(8, "big")
    VerifyKey(old.identity).verify(said, b64(entry["statement"]))
    written = label("keylog-entry") + row.position.to_bytes(8, "big") + bytes(row.hash)
    VerifyKey(new.identity).verify(written, bytes(row.signature))
    endorsed = site.world.query(
        "SELECT o.name, k.public, k.log_index, k.endorsement FROM public_keys k JOIN orgs o ON o.id = k.org_id"
        " WHERE k.kind = 'recipient' ORDER BY k.id"
    )
    assert [(bytes(public), index) for _, public, index, _ in endorsed] == [(bytes(key), at) for key, at in places]
    for org, public, index, endorsement in endorsed:
        said = len(org).to_bytes(4, "big") + org.encode() + (9).to_bytes(4, "big") + b"recipient" + bytes(public)
        VerifyKey(new.identity).verify(label("org-key") + said + index.to_bytes(8, "big"), bytes(endorsement))


def test_after_a_theft_the_old_key_signs_nothing_and_the_operator_is_told_what_that_means(site: Site) -> None:
    said = site.does("keys", "rotate-home", "--stolen", "--yes")
    assert "The old identity did not sign for the new one: organisations must confirm it with you in person." in said
    ((entry,),) = site.world.query("SELECT entry FROM key_log ORDER BY position DESC LIMIT 1")
    assert json.loads(entry).keys() == {"at", "event", "index", "prev", "identity", "box", "fingerprint", "time"}
    assert json.loads(entry)["event"] == "home-anew"
    assert "✓ all is well" in site.does("check")


@ON_SQLITE
def test_a_process_with_the_old_file_does_not_start(site: Site) -> None:
    site.does("keys", "rotate-home", "--yes")
    (old,) = site.old_files
    with_old = {"PROCA_HOME_KEY_FILE": str(old)}
    with pytest.raises(ConfigError, match="not the one this database knows"):
        site.start(**with_old)
    assert "not the one this database knows" in site.refuses("worker", code=2, **with_old)
    assert "not the one this database knows" in site.refuses("keys", "rotate-home", "--yes", code=2, **with_old)


@ON_SQLITE
def test_two_rotations_keep_both_old_files_and_the_way_from_one_to_the_next(site: Site) -> None:
    first = site.home_file.read_bytes()
    site.does("keys", "rotate-home", "--yes")
    second = site.home_file.read_bytes()
    site.does("keys", "rotate-home", "--yes")
    assert [file.read_bytes() for file in site.old_files] == [first, second]
    assert "✓ all is well" in site.does("check")


# Cut short


@ON_SQLITE
@pytest.mark.parametrize("step", ["link", "replace"])
def test_cut_off_after_the_commit_it_is_completed_by_the_next_run(
    site: Site, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, real = site.home_file.read_bytes(), getattr(os, step)

    def cut(source: Path, target: Path) -> None:
        if site.home_file in (Path(source), Path(target)):
            raise PowerCut
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, step, cut)
        with pytest.raises(PowerCut):
            site.does("keys", "rotate-home", "--yes")
    assert site.home_file.read_bytes() == old
    assert "not the one this database knows" in site.refuses("check")
    new = (site.folder / "home.key.new").read_bytes()
    assert COMPLETE in site.does("keys", "rotate-home")
    assert site.home_file.read_bytes() == new
    assert [file.read_bytes() for file in site.old_files] == [old]
    assert not (site.folder / "home.key.new").exists()
    assert site.world.query("SELECT count(*) FROM key_log WHERE entry LIKE '%\"home-rotate\"%'") == [(1,)]
    assert "✓ all is well" in site.does("check")


@ON_SQLITE
def test_a_disk_that_refuses_the_last_step_is_a_sentence_that_says_how_to_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        said = site.refuses("keys", "rotate-home", "--yes")
    assert "the new Home key is in force" in said
    assert "(No space left on device); mend that and run this command again" in said
    assert COMPLETE in site.does("keys", "rotate-home")
    assert "✓ all is well" in site.does("check")


@ON_SQLITE
def test_cut_off_before_the_commit_the_old_key_serves_and_the_next_run_takes_the_key_that_was_made(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> int:
        raise PowerCut

    before = site.state()
    with monkeypatch.context() as patch:
        patch.setattr(home_keys, "rotate", cut)
        with pytest.raises(PowerCut):
            site.does("keys", "rotate-home", "--yes")
    assert site.state() == before
    assert "✓ all is well" in site.does("check")
    made = (site.folder / "home.key.new").read_bytes()
    site.refuses("keys", "rotate-home", typed="n\n")
    site.does("keys", "rotate-home", "--yes")
    assert site.home_file.read_bytes() == made
    assert "✓ all is well" in site.does("check")


# What it refuses


@ON_SQLITE
@pytest.mark.parametrize("content", ["no key\n", ""])
def test_a_new_file_that_is_no_key_is_refused_in_a_sentence(site: Site, content: str) -> None:
    before = site.state()
    draft = site.folder / "home.key.new"
    draft.write_text(content)
    draft.chmod(0o600)
    assert "one line of 43 characters" in site.refuses("keys", "rotate-home", "--yes")
    assert site.state() == before
    assert draft.read_text() == content


@ON_SQLITE
def test_a_folder_that_takes_no_file_is_a_sentence(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise PermissionError(13, "Permission denied", path)

    before = site.state()
    monkeypatch.setattr(keys, "write_new_home_key", full)
    said = site.refuses("keys", "rotate-home", "--yes")
    assert "home.key.new cannot be written (Permission denied); nothing was changed" in said
    assert site.state() == before


@ON_SQLITE
def test_a_database_that_is_gone_is_named_whatever_lies_beside_the_key(site: Site) -> None:
    shutil.copy2(site.home_file, site.folder / "home.key.new")
    site.close()
    (site.folder / "proca.db").unlink()
    assert "there is no database at" in site.refuses("keys", "rotate-home", "--yes", code=2)


@ON_SQLITE
def test_a_key_that_lives_in_the_environment_is_not_rotated(site: Site) -> None:
    before = site.state()
    said = site.refuses("keys", "rotate-home", "--yes", PROCA_HOME_KEY=site.home_file.read_text().strip())
    assert said == "Error: PROCA_HOME_KEY is set: a Home key that lives in a file can be rotated\n"
    assert site.state() == before


SLIPPED_IN = "UPDATE public_keys SET public = :public WHERE kind = 'recipient' AND id = 2"
CHANGED_LOG = "UPDATE key_log SET entry = replace(entry, 'org-two', 'org-2wo') WHERE entry LIKE '%org-two%'"
CUT_LOG = "DELETE FROM key_log WHERE position = 2"


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (SLIPPED_IN, "of org-one is active, but not signed by the Home key; mend that first"),
        (CHANGED_LOG, "entry 2 of the key log was not written by the Home identity"),
        (CUT_LOG, "the key log has 2 entries, the keyring remembers 3"),
    ],
)
def test_what_a_stranger_wrote_into_the_database_is_not_made_good_by_a_rotation(
    site: Site, change: str, said: str
) -> None:
    site.world.run("sweep")
    public = Holder("org-one").public
    site.world.execute(change, **({"public": public} if ":public" in change else {}))
    before = site.state()
    for options in ((), ("--stolen",)):
        assert said in site.refuses("keys", "rotate-home", "--yes", *options)
    assert site.state() == before
    assert said.partition(",")[0] in site.refuses("check")


@ON_SQLITE
def test_a_revoked_key_that_was_brought_back_is_not_made_good_by_a_rotation(site: Site) -> None:
    owner = Owner(site.world.signed_in("admin@org-one.example.org"), "org-one")
    assert owner.post("/2/revoke", {"really": "yes"}).json == {"state": "revoked"}
    site.world.execute("UPDATE public_keys SET status = 'active' WHERE id = 2")
    assert "key 2 of org-one is active, but not signed" in site.refuses("keys", "rotate-home", "--yes")


# Rows from before, and tools


@dataclass
class Desk:
    """org-one's own computer: its secret in a clear keystore, and the tool."""

    folder: Path
    holder: Holder

    def decrypt(self, export: bytes, home: HomeKey, *options: object) -> Result:
        """Open an export under a pinned Home identity."""
        keystore, file = self.folder / "keystore.json", self.folder / "export.csv"
        keystore.write_text(json.dumps({encode(self.holder.public): {"private": encode(bytes(self.holder.secret))}}))
        file.write_bytes(export)
        trusted = ("--keystore", keystore, "--home", encode(home.identity), "--org", "org-one")
        command = ("decrypt", file, *trusted, "-o", self.folder / "people.ndjson", *options)
        return CliRunner().invoke(proca_org, [str(part) for part in command])

    def opened(self) -> list[str]:
        """The addresses in the result."""
        lines = (self.folder / "people.ndjson").read_text().splitlines()
        return [row["email"] for row in map(json.loads, lines) if "email" in row]


@pytest.fixture(autouse=True)
def _nothing_new_in_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it is asked what happens to keys, not what the key log says of records once a day."""
    monkeypatch.setattr(record_heads, "is_due", lambda *_: False)


@pytest.fixture
def desk(site: Site) -> Desk:
    """org-one's desk."""
    folder = site.folder / "desk"
    folder.mkdir()
    return Desk(folder, Holder("org-one", site.world.secrets["org-one"]))


def downloads(world: World) -> tuple[bytes, str]:
    """org-one's export and the published key log."""
    export = world.signed_in("admin@org-one.example.org").get("/console/org-one/exports/contacts.csv").data
    return export, world.app.test_client().get("/keys/log.json").text


@pytest.mark.parametrize("mode", ["session", "static", "throwaway"], indirect=True)
def test_rows_from_before_and_after_open_with_the_key_log_and_with_plain_nacl(site: Site, desk: Desk) -> None:
    signature(site.world, "before@example.org")
    site.does("keys", "rotate-home", "--yes")
    after = site.start()
    signature(after, "after@example.org")
    emails = ["before@example.org", "after@example.org"]
    assert [after.open("org-one", row)["email"] for row in after.export("org-one")] == emails
    export, log = downloads(after)
    (desk.folder / "log.json").write_text(log)
    without = desk.decrypt(export, site.home)
    assert (without.exit_code, desk.opened()) == (3, emails[1:])
    done = desk.decrypt(export, site.home, "--key-log", desk.folder / "log.json")
    assert (done.exit_code, desk.opened()) == (0, emails), done.output


def test_after_a_theft_no_log_makes_the_old_rows_trusted(site: Site, desk: Desk) -> None:
    signature(site.world, "before@example.org")
    old = site.home
    site.does("keys", "rotate-home", "--stolen", "--yes")
    after = site.start()
    signature(after, "after@example.org")
    export, log = downloads(after)
    (desk.folder / "log.json").write_text(log)
    done = desk.decrypt(export, site.home, "--key-log", desk.folder / "log.json")
    assert (done.exit_code, desk.opened()) == (3, ["after@example.org"])
    assert (desk.decrypt(export, old).exit_code, desk.opened()) == (3, ["before@example.org"])


@ON_SQLITE
def test_the_tool_does_not_move_its_pin_by_itself(site: Site, desk: Desk) -> None:
    old = site.home
    site.does("keys", "rotate-home", "--yes")
    after = site.start()
    signature(after, "after@example.org")
    export, log = downloads(after)
    (desk.folder / "log.json").write_text(log)
    assert desk.decrypt(export, old).exit_code == 1
    done = desk.decrypt(export, old, "--key-log", desk.folder / "log.json")
    assert done.exit_code == 1
    assert f"the site's identity is now {fingerprint(site.home.identity)}, which no key file given here" in done.stderr
    assert f"proca-org pin FILE {encode(site.home.identity)}" in done.stderr


@ON_SQLITE
@pytest.mark.parametrize("mode", ["static"], indirect=True)
def test_static_is_left_by_a_rotation_and_not_without_one(site: Site) -> None:
    signature(site.world, "before@example.org")
    session = {"PROCA_SENDER": "session"}
    assert "before leaving static, run: python3 -m proca_web keys rotate-home" in site.refuses("check", **session)
    site.does("keys", "rotate-home", "--yes", **session)
    assert "✓ all is well" in site.does("check", **session)


# Senders


def test_every_process_on_the_keyring_takes_a_new_sender_before_its_next_submission(site: Site) -> None:
    other = site.start()
    for number, world in enumerate((site.world, site.world, other, other)):
        signature(world, f"zofia{number}@example.org")
    before = senders(other)
    assert [before[0], before[2]] == [before[1], before[3]]
    assert "✓ senders end before their next submission" in site.does("keys", "rotate-sender")
    for number, world in enumerate((site.world, other, site.world, other), 4):
        signature(world, f"zofia{number}@example.org")
    after = senders(other)[4:]
    assert len({*before, *after}) == 4
    assert after[:2] == after[2:]
    assert len(other.export("org-one")) == 8


@ON_SQLITE
def test_without_a_keyring_no_process_can_be_asked(site: Site) -> None:
    shutil.rmtree(site.folder / "keyring")
    assert "the keyring" in site.refuses("keys", "rotate-sender", code=2)
