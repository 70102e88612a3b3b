"""`bounces`: reports in a mailbox, read by the operator; any number of times, and nothing in it changes."""

import mailbox
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.bounces import envelope
from tests.cli.operated import Site
from tests.factories import World


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, begin) -> str:
    """Which database it is makes no difference to a mailbox."""
    url: str = begin(request.param)
    return url


@pytest.fixture
def codes(world: World) -> list[str]:
    """Three people signed; the mails went out, one confirmed. Their codes."""
    client: FlaskClient = world.app.test_client()
    for name in ("anna", "ben", "cara"):
        assert world.sign(client, email=f"{name}@example.org", first_name=name).status_code == 303
    world.run("mail")
    assert client.post(world.link("cara@example.org")).status_code == 303
    world.run("release", "mail", "release")
    return [envelope.code_of(world.app, bytes(ref)) for (ref,) in world.query("SELECT ref FROM actions ORDER BY id")]


def report(code: str, action: str = "failed", status: str = "5.1.1") -> str:
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nTo: bounces+{code}@example.org\nSubject: Undelivered\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        "--x\nContent-Type: text/plain\n\nFrom now on: no such user\n\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        f"Final-Recipient: rfc822; jane@example.com\nAction: {action}\nStatus: {status}\n\n--x--\n"
    )


AWAY = "Return-Path: <>\nTo: bounces@example.org\nAuto-Submitted: auto-replied\nSubject: away\n\nUntil Monday.\n"


def letters(codes: list[str]) -> list[str]:
    anna, ben, cara = codes
    return [report(anna), AWAY, report(ben, "delayed", "4.4.1"), report(cara), report("A" * 42), report(anna)]


def as_mbox(folder: Path, mails: list[str]) -> Path:
    box = mailbox.mbox(folder / "box")
    for mail in mails:
        box.add(mail)
    box.close()
    return folder / "box"


def as_maildir(folder: Path, mails: list[str]) -> Path:
    box = mailbox.Maildir(folder / "box")
    for number, mail in enumerate(mails):
        message = mailbox.MaildirMessage(mail)
        message.set_subdir("cur" if number % 2 else "new")
        box.add(message)
    box.close()
    return folder / "box"


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob("*") if path.is_dir() else [path]):
        if file.is_file():
            yield str(file), file.read_bytes()


@pytest.mark.parametrize("make", [as_mbox, as_maildir])
def test_a_mailbox_is_read_and_left_as_it_was(site: Site, world: World, codes: list[str], tmp_path: Path, make) -> None:
    box = make(tmp_path, letters(codes))
    before = list(contents(box))
    said = site.does("bounces", str(box))
    assert "6 mails, 4 of them say that an address does not exist" in said
    assert "1 unconfirmed signatures deleted, 1 signatures marked" in said
    assert world.query("SELECT id, email_status FROM actions ORDER BY id") == [(2, "none"), (3, "bounce")]
    assert list(contents(box)) == before


def test_the_same_mailbox_twice_changes_nothing_more(
    site: Site, world: World, codes: list[str], tmp_path: Path
) -> None:
    box = as_mbox(tmp_path, letters(codes))
    site.does("bounces", str(box))
    world.run("release")
    after = world.query("SELECT * FROM actions"), world.query("SELECT * FROM counts ORDER BY event")
    assert "0 unconfirmed signatures deleted, 0 signatures marked" in site.does("bounces", str(box), str(box))
    assert (world.query("SELECT * FROM actions"), world.query("SELECT * FROM counts ORDER BY event")) == after


def test_a_file_with_one_mail_is_read(site: Site, world: World, codes: list[str], tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_text(report(codes[0]))
    assert "1 mails, 1 of them" in site.does("bounces", str(tmp_path / "one.eml"))
    assert len(world.query("SELECT id FROM actions")) == 2


def test_no_address_is_printed(site: Site, codes: list[str], tmp_path: Path) -> None:
    box = as_mbox(tmp_path, letters(codes))
    said = site.does("bounces", str(box))
    assert "@" not in said
    assert codes[0] not in said


def test_what_is_no_mailbox_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "a folder that is no Maildir" in site.refuses("bounces", str(tmp_path / "folder"))
    site.refuses("bounces", str(tmp_path / "nothing"), code=2)
    site.refuses("bounces", code=2)


def test_rubbish_in_a_mailbox_is_passed_over(site: Site, world: World, codes: list[str], tmp_path: Path) -> None:
    box = as_maildir(tmp_path, [report(codes[0])])
    (box / "new" / "0.rubbish").write_bytes(b"\x00\xff" * 10_000)
    (box / "new" / "1.empty").write_bytes(b"")
    assert "3 mails, 1 of them" in site.does("bounces", str(box))
    assert len(world.query("SELECT id FROM actions")) == 2
    shutil.rmtree(box)
