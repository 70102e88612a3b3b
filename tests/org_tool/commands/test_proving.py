"""`prove`: answers a challenge of the pinned platform for this key, and shows nothing of whatever else it is given."""

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from nacl.public import Box, PrivateKey, PublicKey

from proca_web.crypto.keys.keys import fingerprint
from tests.factories import b64 as read
from tests.org_tool.export_maker import ExportMaker, b64
from tests.org_tool.platform_maker import be64, labelled
from tests.org_tool.terminal import at_a_terminal

PASSPHRASE = "a passphrase of tests"
Command = Callable[..., Result]
ID, RANDOM = b"#" * 16, b"c" * 32


def challenge(
    maker: ExportMaker, *, org: str = "org-one", minutes: int = 10, content: bytes | None = None, **changes: Any
) -> dict[str, Any]:
    """A challenge to the holder of the maker's key, its box made with raw PyNaCl."""
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).replace(microsecond=0)
    ephemeral, nonce = PrivateKey.generate(), os.urandom(24)
    about = labelled("pop") + maker.home.identity + hashlib.sha256(org.encode()).digest() + maker.public + ID
    sealed = about + be64(int(until.timestamp())) + RANDOM if content is None else content
    return {
        "format": "proca-web-challenge",
        "version": 1,
        "id": b64(ID),
        "org": org,
        "public": b64(maker.public),
        "ephemeral": b64(bytes(ephemeral.public_key)),
        "nonce": b64(nonce),
        "box": b64(Box(ephemeral, PublicKey(maker.public)).encrypt(sealed, nonce).ciphertext),
        "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **changes,
    }


def expected(maker: ExportMaker) -> dict[str, str]:
    """The one line that proves it."""
    message = labelled("pop-answer") + maker.home.identity + maker.public
    return {"challenge": b64(ID), "answer": b64(hmac.digest(RANDOM + ID, message, hashlib.sha512)[:32])}


def test_a_challenge_in_a_file_is_answered_with_one_line(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    path = tmp_path / "challenge.json"
    path.write_text(json.dumps(challenge(maker)))
    result = proca_org("prove", key_file, path, passphrase=PASSPHRASE)
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    assert json.loads(line) == expected(maker)
    assert "Paste this line into the console" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_a_challenge_on_standard_input_is_answered_too(
    proca_org: Command, key_file: Path, maker: ExportMaker, arguments: tuple[str, ...]
) -> None:
    pasted = "\ufeff" + json.dumps(challenge(maker), indent=2) + "\r\n\n"
    result = proca_org("prove", key_file, *arguments, passphrase=PASSPHRASE, stdin=pasted)
    assert json.loads(result.stdout) == expected(maker)


def test_at_a_terminal_the_passphrase_is_asked_for(tmp_path: Path, key_file: Path, maker: ExportMaker) -> None:
    path = tmp_path / "challenge.json"
    path.write_text(json.dumps(challenge(maker)))
    exit_code, screen = at_a_terminal("prove", key_file, path, typed=f"{PASSPHRASE}\n".encode())
    assert exit_code == 0
    assert expected(maker)["answer"] in screen
    assert PASSPHRASE not in screen


def refused(proca_org: Command, key_file: Path, content: object, **more: Any) -> str:
    """What is said when the answer is refused; nothing is on standard output then."""
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    result = proca_org("prove", key_file, "-", stdin=text, **{"passphrase": PASSPHRASE, **more})
    assert (result.exit_code, result.stdout) == (1, "")
    assert b64(RANDOM) not in result.stderr
    assert "Zofia" not in result.stderr
    return result.stderr


def test_a_stored_row_handed_over_as_a_challenge_yields_nothing(
    proca_org: Command, key_file: Path, maker: ExportMaker
) -> None:
    row = maker.row(1)
    assert len(read(row["payload"])) == 1040
    parts = {"box": row["payload"], "nonce": row["nonce"], "ephemeral": row["sign_key"]}
    assert "this is not a challenge for this key; nothing was opened" in refused(
        proca_org, key_file, challenge(maker, **parts)
    )


def test_a_short_row_of_a_challenges_length_yields_nothing(
    proca_org: Command, key_file: Path, maker: ExportMaker
) -> None:
    short = b'{"firstName":"Zofia"}'.ljust(169)
    said = refused(proca_org, key_file, challenge(maker, content=short))
    assert "this is not a challenge for this key; nothing was opened" in said
    assert "Take a new challenge" in said


@pytest.mark.parametrize("content", ["", "{}", "[]", "\xff\xfe", b"\xff\xfe", "[" * 100_000, '{"answer":"AAAA"}'])
def test_what_is_no_challenge_is_refused_without_a_passphrase(
    proca_org: Command, key_file: Path, content: object
) -> None:
    assert "this is not a challenge for this key" in refused(proca_org, key_file, content, passphrase=None)


def test_a_challenge_for_another_key_is_told_by_its_fingerprint(
    proca_org: Command, key_file: Path, maker: ExportMaker, other_org: ExportMaker
) -> None:
    said = refused(proca_org, key_file, challenge(other_org), passphrase=None)
    assert fingerprint(other_org.public) in said
    assert fingerprint(maker.public) in said


def test_a_challenge_that_names_another_org_or_comes_too_late_is_refused(
    proca_org: Command, key_file: Path, maker: ExportMaker
) -> None:
    assert "not a challenge for this key" in refused(proca_org, key_file, challenge(maker, org="org-two"))
    assert "too old" in refused(proca_org, key_file, challenge(maker, minutes=-1))


def test_a_challenge_of_another_platform_than_the_pinned_one_is_refused(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    path = Path(shutil.copy(key_file, tmp_path / "key.json"))
    proca_org("pin", path, b64(b"j" * 32), passphrase=PASSPHRASE)
    assert "look which site the file trusts" in refused(proca_org, path, challenge(maker))


@pytest.mark.parametrize("pin", ["", "fingerprint"])
def test_without_a_known_identity_no_challenge_is_answered(
    proca_org: Command, tmp_path: Path, unpinned_key_file: Path, maker: ExportMaker, pin: str
) -> None:
    path = Path(shutil.copy(unpinned_key_file, tmp_path / "key.json"))
    if pin:
        proca_org("pin", path, fingerprint(maker.home.identity), passphrase=PASSPHRASE)
    said = refused(proca_org, path, challenge(maker))
    assert f"proca-org pin {path} IDENTITY" in said
    assert ("only the fingerprint of the site" if pin else "no site that it trusts") in said


def test_a_wrong_passphrase_and_none_at_all_end_as_everywhere(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    assert "wrong passphrase" in refused(proca_org, key_file, challenge(maker), passphrase="not this one")
    result = proca_org("prove", key_file, "-", stdin=json.dumps(challenge(maker)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert proca_org("prove", key_file, tmp_path / "missing.json", passphrase=PASSPHRASE).exit_code == 2


def test_a_flood_on_standard_input_is_refused(proca_org: Command, key_file: Path) -> None:
    assert "far too large" in refused(proca_org, key_file, " " * ((1 << 24) + 1))
