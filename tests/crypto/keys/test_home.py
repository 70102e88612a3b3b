"""The Home Org's key file and what is made of it: an identity that signs, and a box secret that is soon forgotten."""

import hashlib
import hmac
import os
import re
import stat
import string
from pathlib import Path

import pytest
from nacl.exceptions import BadSignatureError
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

from proca_web.crypto import memory
from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import CannotOpen, HomeKeyError
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from tests.crypto.making import home_of, in_child, new_home, peek

SECRET = bytes(range(32))
LINE = encode(SECRET)


def key_file(folder: Path, content: str | bytes = LINE, mode: int = 0o600) -> Path:
    """A key file with this content."""
    path = folder / "home.key"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("end", ["", "\n"], ids=["no newline", "newline"])
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_one_line_that_only_its_owner_may_read_is_a_home_key(tmp_path: Path, mode: int, end: str) -> None:
    home = HomeKey.from_file(key_file(tmp_path, LINE + end, mode))
    assert home.box_public == bytes(PrivateKey(SECRET).public_key)


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001], ids=oct)
def test_each_group_or_other_bit_is_refused_with_the_command_that_mends_it(tmp_path: Path, bit: int) -> None:
    path = key_file(tmp_path, mode=0o600 | bit)
    with pytest.raises(HomeKeyError, match=re.escape(f"open to others; run: chmod 600 {path}")):
        HomeKey.from_file(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    os.chown(path, 12345, -1)
    with pytest.raises(HomeKeyError, match="belongs to another user; run the command as that user"):
        HomeKey.from_file(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_may_use_a_file_of_his_own(tmp_path: Path) -> None:
    path = key_file(tmp_path)
    os.chown(path, 12345, -1)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)

    def as_that_user() -> str:
        os.seteuid(12345)
        return HomeKey.from_file(path).box_public.hex()

    assert in_child(as_that_user) == bytes(PrivateKey(SECRET).public_key).hex()


def test_a_link_is_followed_and_its_target_is_checked(tmp_path: Path) -> None:
    target = key_file(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(target)
    assert HomeKey.from_file(link).box_public == bytes(PrivateKey(SECRET).public_key)
    target.chmod(0o644)
    with pytest.raises(HomeKeyError, match="open to others"):
        HomeKey.from_file(link)


def test_a_missing_file_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(HomeKeyError, match=r"home\.key does not exist; .* init"):
        HomeKey.from_file(tmp_path / "home.key")


def test_a_directory_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(HomeKeyError, match="is not a file"):
        HomeKey.from_file(tmp_path)


def test_a_pipe_without_a_writer_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "home.key", 0o600)
    with pytest.raises(HomeKeyError, match="is not a file"):
        HomeKey.from_file(tmp_path / "home.key")


def test_a_path_through_a_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(HomeKeyError, match="cannot be read"):
        HomeKey.from_file(key_file(tmp_path) / "deeper")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("\n", id="an empty line"),
        pytest.param(LINE[:42], id="42 characters"),
        pytest.param(LINE + "A", id="44 characters"),
        pytest.param(LINE + "\r\n", id="CRLF"),
        pytest.param(LINE + "\n\n", id="an empty second line"),
        pytest.param(LINE + "\n" + LINE + "\n", id="two lines"),
        pytest.param(" " + LINE, id="a space before"),
        pytest.param(LINE + " ", id="a space after"),
        pytest.param("\ufeff" + LINE, id="a byte order mark"),
        pytest.param(LINE + "=", id="padded"),
        pytest.param("+" + LINE[1:], id="the standard alphabet"),
        pytest.param(SECRET, id="raw bytes"),
        pytest.param(SECRET.hex(), id="hexadecimal"),
        pytest.param(LINE + "\n" + "A" * 100_000, id="very long"),
    ],
)
def test_anything_but_one_line_of_43_characters_is_refused(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(HomeKeyError, match="one line of 43 characters") as refused:
        HomeKey.from_file(key_file(tmp_path, content))
    assert LINE[:8] not in str(refused.value)


def test_only_a_canonical_last_character_is_accepted() -> None:
    accepted = set()
    for last in string.ascii_letters + string.digits + "-_":
        try:
            HomeKey(bytearray(b"A" * 42 + last.encode()))
        except HomeKeyError:
            continue
        accepted.add(last)
    assert accepted == set("AEIMQUYcgkosw048")


@pytest.mark.parametrize("secret", [b"\xfb\xef\xbe" * 10 + b"\xfb\xef", b"\xff" * 32], ids=["dashes", "underscores"])
def test_both_letters_that_the_alphabet_has_of_its_own_are_read(secret: bytes) -> None:
    assert peek(home_of(secret).box_secret) == secret


def test_the_line_is_overwritten_once_it_is_read() -> None:
    line = bytearray(LINE.encode() + b"\n")
    HomeKey(line)
    assert line == bytes(44)


def test_the_line_is_overwritten_also_when_it_is_refused() -> None:
    line = bytearray(LINE.encode() + b"\r\n")
    with pytest.raises(HomeKeyError):
        HomeKey(line)
    assert line == bytes(45)


def test_a_new_key_file_is_private_whole_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "home.key"
    mask = os.umask(0)
    try:
        write_new_home_key(path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    assert HomeKey.from_file(path).box_public == bytes(PrivateKey(decode(content.rstrip("\n"), 32)).public_key)
    with pytest.raises(FileExistsError):
        write_new_home_key(path)
    assert path.read_text() == content


def test_the_identity_is_ed25519_with_a_seed_derived_from_the_secret() -> None:
    seed = hmac.new(SECRET, b"proca-web:home-identity:v1\x00", hashlib.sha512).digest()[:32]
    assert home_of(SECRET).identity == bytes(SigningKey(seed).verify_key)


def test_a_signature_is_over_the_label_of_its_purpose_and_the_data() -> None:
    home = new_home()
    signature = home.sign("sender-cert", b"body")
    VerifyKey(home.identity).verify(b"proca-web:sender-cert:v1\x00body", signature)
    with pytest.raises(BadSignatureError):
        VerifyKey(home.identity).verify(b"proca-web:org-key:v1\x00body", signature)


def test_the_32_secrets_that_share_one_box_key_have_32_identities() -> None:
    variants = []
    for low in range(8):
        for high in range(4):
            cells = bytearray(SECRET)
            cells[0] = cells[0] & 0xF8 | low
            cells[31] = cells[31] & 0x3F | high << 6
            variants.append(home_of(bytes(cells)))
    assert {home.box_public for home in variants} == {bytes(PrivateKey(SECRET).public_key)}
    assert len({home.identity for home in variants}) == 32


def test_what_is_shown_of_a_home_key_is_its_identity() -> None:
    home = home_of(SECRET)
    assert repr(home) == str(home) == f"<HomeKey identity={encode(home.identity)}>"


def test_once_forgotten_the_box_secret_serves_nothing() -> None:
    home = home_of(SECRET)
    home.forget_box_secret()
    with pytest.raises(CannotOpen, match="wiped"):
        memory.box_shared(bytes(PrivateKey.generate().public_key), home.box_secret)
    home.forget_box_secret()


def test_the_identity_signs_on_after_the_box_secret_is_forgotten() -> None:
    home = new_home()
    home.forget_box_secret()
    assert home.box_public
    VerifyKey(home.identity).verify(b"proca-web:x:v1\x00", home.sign("x", b""))


def test_a_worker_forked_after_the_start_still_has_the_home_key() -> None:
    home = home_of(SECRET)
    signature, secret = in_child(lambda: [home.sign("x", b"data").hex(), peek(home.box_secret).hex()])
    VerifyKey(home.identity).verify(b"proca-web:x:v1\x00data", bytes.fromhex(signature))
    assert secret == SECRET.hex()


def test_a_new_home_key_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("os.fsync", cut)
    with pytest.raises(OSError, match="full"):
        write_new_home_key(tmp_path / "home.key")
    assert list(tmp_path.iterdir()) == []


def test_a_new_home_key_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "home.key"
    write_new_home_key(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_new_home_key(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
