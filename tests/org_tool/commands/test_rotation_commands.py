"""`keygen --replaces` and `rotation`: the old key vouches for the new one; the signature is checked with raw PyNaCl."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from nacl.signing import VerifyKey

from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.keys import fingerprint
from tests.factories import b64
from tests.org_tool.platform_maker import be64, labelled, sized

OLD_WORDS, NEW_WORDS = "a passphrase of tests", "another passphrase of tests"
IDENTITY, BOX = "i" * 42 + "g", "b" * 42 + "g"
Command = Callable[..., Result]


@pytest.fixture(scope="module")
def old_key() -> OrgKey:
    """The key in use: pinned to a Home with both its keys."""
    made = keyfile.new_org_key("org-one", home_identity=IDENTITY, origin="https://petitions.example.org")
    return replace(made, home_box=BOX)


@pytest.fixture(scope="module")
def old_file(old_key: OrgKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its key file."""
    path = tmp_path_factory.mktemp("old") / "old.orgkey.json"
    path.write_text(keyfile.dumps(keyfile.lock(old_key, OLD_WORDS)))
    return path


def said(result: Result) -> dict[str, str]:
    """The `name: value` lines of standard output."""
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


def check_signed(old: OrgKey, new: dict[str, Any], rotation: str) -> None:
    """Whether the old key signed for the new one, just now. Raises BadSignatureError."""
    moment, signature = rotation.split(".")
    assert abs(int(moment) - time.time()) < 60
    change = sized("org-one") + old.public + b64(new["public"]) + b64(new["sign_public"]) + be64(int(moment))
    VerifyKey(old.sign_public).verify(labelled("org-rotate") + change, b64(signature))


def passphrase_files(folder: Path, *words: str) -> list[object]:
    """The options for one passphrase file each."""
    options: list[object] = []
    for place, each in enumerate(words):
        path = folder / f"passphrase-{place}.txt"
        path.write_text(f"{each}\n")
        options += ["--passphrase-file", path]
    return options


def test_a_new_key_that_replaces_an_old_one_is_vouched_for_by_it(
    proca_org: Command, tmp_path: Path, old_key: OrgKey, old_file: Path
) -> None:
    out, options = tmp_path / "new.json", passphrase_files(tmp_path, NEW_WORDS, OLD_WORDS)
    result = proca_org("keygen", "--org", "org-one", "--out", out, "--replaces", old_file, *options)
    assert result.exit_code == 0, result.output
    assert list(said(result)) == ["public", "sign-public", "fingerprint", "rotation", "file"]
    check_signed(old_key, json.loads(out.read_text()), said(result)["rotation"])
    assert keyfile.unlock(json.loads(out.read_text()), NEW_WORDS).public != old_key.public


def test_the_new_key_takes_over_the_pinned_home_and_the_origin(
    proca_org: Command, tmp_path: Path, old_file: Path
) -> None:
    out = tmp_path / "new.json"
    options = ("--org", "org-one", "--out", out, "--replaces", old_file)
    assert proca_org("keygen", *options, passphrase=OLD_WORDS).exit_code == 0
    content = json.loads(out.read_text())
    assert (content["home_identity"], content["home_box"]) == (IDENTITY, BOX)
    assert content["origin"] == "https://petitions.example.org"
    keyfile.unlock(content, OLD_WORDS)


def test_another_home_given_to_the_new_key_is_pinned_without_the_old_ones_box(
    proca_org: Command, tmp_path: Path, old_file: Path
) -> None:
    out, home = tmp_path / "new.json", "h" * 42 + "g"
    options = ("--org", "org-one", "--out", out, "--replaces", old_file, "--home", home)
    assert proca_org("keygen", *options, passphrase=OLD_WORDS).exit_code == 0
    content = json.loads(out.read_text())
    assert (content["home_identity"], content["home_box"]) == (home, "")


@pytest.mark.parametrize(
    ("org", "words", "exit_code", "sentence"),
    [
        ("org-two", (OLD_WORDS,), 2, "the key of another org"),
        ("org-one", (NEW_WORDS, NEW_WORDS), 1, "wrong passphrase"),
        ("org-one", (OLD_WORDS, NEW_WORDS), 1, "wrong passphrase"),
        ("org-one", (), 2, "no passphrase for"),
        ("org-one", (NEW_WORDS, OLD_WORDS, OLD_WORDS), 2, "3 passphrase files for 2 keys"),
    ],
)
def test_without_the_old_key_no_new_file_is_made(
    proca_org: Command, tmp_path: Path, old_file: Path, org: str, words: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    out, options = tmp_path / "new.json", passphrase_files(tmp_path, *words)
    result = proca_org("keygen", "--org", org, "--out", out, "--replaces", old_file, *options)
    assert (result.exit_code, sentence in result.stderr) == (exit_code, True), result.output
    assert not out.exists()


def test_two_existing_files_get_their_rotation_later(
    proca_org: Command, tmp_path: Path, old_key: OrgKey, old_file: Path
) -> None:
    new_file = tmp_path / "new.json"
    proca_org("keygen", "--org", "org-one", "--out", new_file, passphrase=NEW_WORDS)
    result = proca_org("rotation", old_file, new_file, passphrase=OLD_WORDS)
    assert result.exit_code == 0
    new = json.loads(new_file.read_text())
    assert list(said(result)) == ["rotation"]
    check_signed(old_key, new, said(result)["rotation"])
    assert new["fingerprint"] in result.stderr
    assert proca_org("rotation", old_file, new_file, passphrase=NEW_WORDS).exit_code == 1
    assert proca_org("rotation", old_file, new_file).exit_code == 2


def test_a_rotation_to_another_org_or_to_the_same_key_is_refused(
    proca_org: Command, tmp_path: Path, old_file: Path
) -> None:
    other = tmp_path / "other.json"
    proca_org("keygen", "--org", "org-two", "--out", other, passphrase=NEW_WORDS)
    for new_file, sentence in ((other, "another org"), (old_file, "the same key")):
        result = proca_org("rotation", old_file, new_file, passphrase=OLD_WORDS)
        assert (result.exit_code, result.stdout) == (2, "")
        assert sentence in result.stderr


def test_no_secret_of_either_key_is_ever_shown(
    proca_org: Command, tmp_path: Path, old_key: OrgKey, old_file: Path
) -> None:
    out = tmp_path / "new.json"
    result = proca_org("keygen", "--org", "org-one", "--out", out, "--replaces", old_file, passphrase=OLD_WORDS)
    new = keyfile.unlock(json.loads(out.read_text()), OLD_WORDS)
    for secret in (old_key.secret, new.secret):
        assert keyfile.encode(secret) not in result.output
        assert secret.hex() not in result.output
    assert fingerprint(new.public) == said(result)["fingerprint"]
