"""`check` names what is wrong with our From domains, asked of a real name server, and judges a mail that came back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from proca_web.adapters.senders import resolver as asking
from tests import relay
from tests.adapters.senders import name_server
from tests.adapters.senders.conftest import keys, resolver
from tests.adapters.senders.signing import DkimKey, mail
from tests.cli.instance import Instance

__all__ = ["keys", "resolver"]  # fixtures


def env_of(resolver: str, domain: str) -> dict[str, str]:
    return {"PROCA_MAIL_RESOLVER": resolver, "PROCA_MAIL_FROM": f"petitions@{domain}"}


def test_a_test_mail_comes_with_every_fault_and_its_cure(page: Instance, resolver: str) -> None:
    with relay.running() as post:
        to = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(post.port), "PROCA_MAIL_TLS": "none"}
        bad = page.refuses("check", "--mail-to", "zofia@example.org", **to, **env_of(resolver, "bare.example"))
        good = page.does("check", "--mail-to", "zofia@example.org", **to, **env_of(resolver, "good.example"))
    assert "✗ bare.example: DMARC: there is no record for bare.example" in bad
    assert 'Publish: _dmarc.bare.example TXT "v=DMARC1; p=none"' in bad
    assert 'Publish: bare.example TXT "v=spf1 ip4:YOUR.ADDRESS ~all"' in bad
    assert "note: good.example: DKIM: not seen. Whoever runs this site sends a test mail" in good
    assert "good.example: DMARC: found at _dmarc.good.example, policy “quarantine”." in good


def test_a_plain_check_tells_faults_and_stays_well(page: Instance, resolver: str) -> None:
    said = page.does("check", **env_of(resolver, "bare.example"))
    assert "note: bare.example: DMARC: there is no record" in said
    assert "✓ all is well" in said


def test_a_name_server_that_is_silent_fails_no_check(page: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    with name_server.silent() as where:
        said = page.does("check", **env_of(where, "good.example"))
    assert "good.example: the name server was not asked (the name server did not answer within" in said


@pytest.mark.parametrize("is_piped", [False, True])
def test_a_mail_that_came_back_is_judged_and_remembered(
    page: Instance,
    commands: Callable[..., Result],
    resolver: str,
    keys: dict[str, DkimKey],
    tmp_path: Path,
    is_piped: bool,
) -> None:
    file, env = tmp_path / "back.eml", env_of(resolver, "good.example")
    claims = b"Authentication-Results: mx.example.net; spf=pass; dkim=pass; dmarc=pass\r\n"
    raw = claims + keys["s1"].signed(mail(), "good.example")
    file.write_bytes(raw)
    given, typed = ("-", raw.decode("ascii")) if is_piped else (str(file), None)
    done = commands("check", "--received", given, env=page.env | env, typed=typed)
    assert done.exit_code == 0, done.output
    said = done.stdout
    assert "good.example: DKIM: the mail came back with a good signature of good.example (2048 bits)." in said
    assert "The mailbox (mx.example.net) says: spf=pass, dkim=pass, dmarc=pass." in said
    ((kept, received_at),) = page.sql("SELECT received, received_at FROM mail_domains WHERE domain = 'good.example'")
    assert "dkim-good" in kept
    assert received_at
    assert "@" not in kept


def test_a_mail_that_was_changed_on_its_way_is_a_fault(
    page: Instance, resolver: str, keys: dict[str, DkimKey], tmp_path: Path
) -> None:
    file = tmp_path / "back.eml"
    tracked = mail(link="https://click.example.net/1", more='<img src="https://o.example.net/1.gif">')
    file.write_bytes(keys["s1"].signed(tracked, "other.example"))
    said = page.refuses("check", "--received", str(file), **env_of(resolver, "good.example"))
    assert "the mail is signed by other.example, which does not stand for good.example" in said
    assert "The links in the mail do not lead to localhost any more" in said
    assert "a picture in it that we did not put there" in said


@pytest.mark.parametrize("content", [mail("somebody@elsewhere.example"), b"", b"\x00\xff" * 500])
def test_what_is_no_mail_of_ours_is_refused(page: Instance, resolver: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.eml"
    file.write_bytes(content)
    said = page.refuses("check", "--received", str(file), **env_of(resolver, "good.example"))
    assert "is no mail of this instance: From is none of good.example" in said


def test_what_could_not_be_asked_is_not_remembered(
    page: Instance, keys: dict[str, DkimKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    file = tmp_path / "back.eml"
    file.write_bytes(keys["s1"].signed(mail(), "good.example"))
    with name_server.silent() as where:
        said = page.does("check", "--received", str(file), **env_of(where, "good.example"))
    assert "DKIM: not asked" in said
    assert page.sql("SELECT count(*) FROM mail_domains WHERE received_at IS NOT NULL") == [(0,)]
