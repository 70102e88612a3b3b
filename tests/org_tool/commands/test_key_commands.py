"""`keygen`, `show`, `pin` and `keystore`: key files on an org's disk."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import keyfile, passphrase
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.cli import main
from tests.org_tool.export_maker import ExportMaker

PASSPHRASE = "a passphrase of tests"
Command = Callable[..., Result]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def said(result: Result) -> dict[str, str]:
    """The `name: value` lines of standard output."""
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


def test_keygen_writes_a_key_file_that_opens_and_prints_its_public_half(proca_org: Command, tmp_path: Path) -> None:
    out = tmp_path / "key.json"
    result = proca_org("keygen", "--org", "org-one", "--out", out, passphrase=PASSPHRASE)
    assert result.exit_code == 0
    key = keyfile.unlock(json.loads(out.read_text()), PASSPHRASE)
    assert key.org == "org-one"
    assert said(result) == {
        "public": encode(key.public),
        "sign-public": encode(key.sign_public),
        "fingerprint": fingerprint(key.public),
        "file": str(out),
    }
    assert mode(out) == 0o600
    assert PASSPHRASE not in result.output


def test_keygen_without_a_passphrase_makes_seven_words_and_shows_them_once(proca_org: Command, tmp_path: Path) -> None:
    out = tmp_path / "key.json"
    result = proca_org("keygen", "--org", "org-one", "--out", out)
    (words,) = [line.removeprefix("passphrase: ") for line in result.stderr.splitlines() if line.startswith("passph")]
    assert len(words.split()) == passphrase.WORDS
    assert set(words.split()) <= set(passphrase.word_list())
    assert result.output.count(words) == 1
    assert words not in result.stdout
    keyfile.unlock(json.loads(out.read_text()), words.upper().replace(" ", "-"))


def test_keygen_takes_the_passphrase_from_a_file_first(proca_org: Command, tmp_path: Path) -> None:
    given, out = tmp_path / "passphrase.txt", tmp_path / "key.json"
    given.write_text("from the file\nsecond line\n")
    options = ("--org", "org-one", "--out", out, "--passphrase-file", given)
    assert proca_org("keygen", *options, passphrase="from the environment").exit_code == 0
    keyfile.unlock(json.loads(out.read_text()), "from the file")


def test_keygen_keeps_the_home_and_the_origin(proca_org: Command, tmp_path: Path, maker: ExportMaker) -> None:
    out = tmp_path / "key.json"
    where = ("--home", maker.identity, "--origin", "https://petitions.example.org")
    proca_org("keygen", "--org", "org-one", "--out", out, *where, passphrase=PASSPHRASE)
    content = json.loads(out.read_text())
    assert (content["home_identity"], content["origin"]) == (maker.identity, "https://petitions.example.org")


def test_keygen_names_the_file_itself_in_a_folder(proca_org: Command, tmp_path: Path) -> None:
    result = proca_org("keygen", "--org", "org-one", "--out", tmp_path, passphrase=PASSPHRASE)
    short = said(result)["fingerprint"].replace("-", "")[:8]
    assert (tmp_path / f"org-one-{short}.orgkey.json").exists()


def test_a_recovery_keys_file_has_a_name_of_its_own_kind(proca_org: Command, tmp_path: Path) -> None:
    result = proca_org("keygen", "--org", "org-one", "--out", tmp_path, "--recovery", passphrase=PASSPHRASE)
    short = said(result)["fingerprint"].replace("-", "")[:8]
    assert [path.name for path in tmp_path.glob("*.orgkey.json")] == [f"org-one-recovery-{short}.orgkey.json"]


@pytest.mark.parametrize(("content", "said_of_it"), [(b"\xff\xfe", "is not a text file"), (b" \n", "is empty where")])
def test_a_passphrase_file_without_a_passphrase_is_exit_2(
    proca_org: Command, tmp_path: Path, content: bytes, said_of_it: str
) -> None:
    given, out = tmp_path / "passphrase.txt", tmp_path / "key.json"
    given.write_bytes(content)
    result = proca_org("keygen", "--org", "org-one", "--out", out, "--passphrase-file", given)
    assert (result.exit_code, out.exists()) == (2, False)
    assert f"{given} {said_of_it}" in result.stderr


def test_a_passphrase_in_the_environment_that_is_no_text_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROCA_ORG_PASSPHRASE", "caf\udce9")
    result = CliRunner().invoke(main, ["keygen", "--org", "org-one", "--out", str(tmp_path / "key.json")])
    assert result.exit_code == 2
    assert "PROCA_ORG_PASSPHRASE is not UTF-8 text" in result.stderr


def test_a_key_file_that_opens_to_the_secret_of_another_key_is_damaged(
    proca_org: Command, tmp_path: Path, maker: ExportMaker
) -> None:
    path = tmp_path / "mixed.orgkey.json"
    mixed = keyfile.OrgKey("org-one", maker.public, b"k" * 32)
    path.write_text(keyfile.dumps(keyfile.lock(mixed, PASSPHRASE)))
    result = proca_org("keystore", path, "--out", tmp_path / "keystore.json", passphrase=PASSPHRASE)
    assert result.exit_code == 1
    assert f"{path} is damaged: " in result.stderr
    assert not (tmp_path / "keystore.json").exists()


def test_keygen_never_writes_over_a_file(proca_org: Command, tmp_path: Path) -> None:
    out = tmp_path / "key.json"
    out.write_text("the only copy of a key")
    result = proca_org("keygen", "--org", "org-one", "--out", out, passphrase=PASSPHRASE)
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert out.read_text() == "the only copy of a key"


@pytest.mark.parametrize(
    "options",
    [
        ("--org", "Org One", "--out", "key.json"),
        ("--org", "../org", "--out", "key.json"),
        ("--org", "org-one", "--out", "no/such/folder/key.json"),
        ("--org", "org-one", "--out", "key.json", "--home", "not an identity"),
        ("--org", "org-one"),
    ],
)
def test_keygen_refuses_what_it_cannot_work_with(
    proca_org: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = proca_org("keygen", *options, passphrase=PASSPHRASE)
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("weak", ["eleven char", "a" * 40])
def test_keygen_warns_of_a_weak_passphrase_and_says_why(proca_org: Command, tmp_path: Path, weak: str) -> None:
    out = tmp_path / "key.json"
    result = proca_org("keygen", "--org", "org-one", "--out", out, passphrase=weak)
    assert result.exit_code == 0
    assert "warning: the passphrase is" in result.stderr
    assert weak not in result.output
    assert out.exists()


def test_a_variable_that_is_no_text_is_exit_2(proca_org: Command, tmp_path: Path, key_file: Path) -> None:
    not_utf_8 = "m\udcf3j sekret jest d\udcb3ugi"  # how the system hands over bytes of an old encoding
    result = proca_org("keystore", key_file, "-o", tmp_path / "store.json", passphrase=not_utf_8)
    assert (result.exit_code, "PROCA_ORG_PASSPHRASE is not UTF-8 text" in result.stderr) == (2, True)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_an_unusable_passphrase_file_is_exit_2(proca_org: Command, tmp_path: Path, content: bytes) -> None:
    given = tmp_path / "passphrase.txt"
    given.write_bytes(content)
    options = ("--org", "org-one", "--out", tmp_path / "key.json", "--passphrase-file", given)
    assert proca_org("keygen", *options).exit_code == 2


def test_show_needs_no_passphrase(proca_org: Command, key_file: Path, maker: ExportMaker) -> None:
    result = proca_org("show", key_file)
    assert result.exit_code == 0
    shown = said(result)
    assert (shown["org"], shown["public"], shown["home"]) == ("org-one", encode(maker.public), maker.identity)
    assert shown["fingerprint"] == fingerprint(maker.public)
    assert shown["sign-public"] == json.loads(key_file.read_text())["sign_public"]
    assert shown["created"].endswith("Z")


def test_show_says_none_where_no_home_is_pinned(proca_org: Command, unpinned_key_file: Path) -> None:
    assert said(proca_org("show", unpinned_key_file))["home"] == "none"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"format":"proca-web-orgkey","version":1}']
)
def test_a_file_that_is_no_key_file_is_exit_1_with_a_sentence(
    proca_org: Command, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    for command in (("show", path), ("keystore", path, "-o", tmp_path / "store.json")):
        result = proca_org(*command, passphrase=PASSPHRASE)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"proca-org: {path} is damaged")


def test_a_clear_keystore_given_as_a_key_file_is_told_by_name(
    proca_org: Command, tmp_path: Path, maker: ExportMaker, key_file: Path
) -> None:
    store, export = tmp_path / "store.json", tmp_path / "export.csv"
    store.write_text(maker.keystore())
    export.write_text("")
    assert "--keystore" in proca_org("show", store).stderr
    result = proca_org("decrypt", export, "--keystore", key_file)
    assert result.exit_code == 1
    assert "--key" in result.stderr


def test_a_hostile_key_file_cannot_steer_the_terminal(proca_org: Command, tmp_path: Path, maker: ExportMaker) -> None:
    key = keyfile.OrgKey("\x1b[2Jorg", maker.public, bytes(maker.private))
    path = tmp_path / "key.json"
    path.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    assert "\x1b" not in proca_org("show", path).stdout


def test_pin_sets_the_home_and_keeps_everything_else(
    proca_org: Command, tmp_path: Path, unpinned_key_file: Path, maker: ExportMaker
) -> None:
    path = tmp_path / "key.json"
    shutil.copy(unpinned_key_file, path)
    before = json.loads(path.read_text())
    result = proca_org("pin", path, maker.identity, passphrase=PASSPHRASE)
    assert (result.exit_code, said(result)["home"]) == (0, maker.identity)
    after = json.loads(path.read_text())
    key = keyfile.unlock(after, PASSPHRASE)
    assert (key.home_identity, key.secret) == (maker.identity, bytes(maker.private))
    assert after["created_at"] == before["created_at"]
    assert after["kdf"]["salt"] != before["kdf"]["salt"]
    assert mode(path) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key.json"]


def test_an_identity_that_begins_with_a_dash_is_no_option(
    proca_org: Command, tmp_path: Path, unpinned_key_file: Path
) -> None:
    path, identity = Path(shutil.copy(unpinned_key_file, tmp_path / "key.json")), "-" + "A" * 42
    result = proca_org("pin", path, identity, passphrase=PASSPHRASE)
    assert result.exit_code == 0, result.output
    assert json.loads(path.read_text())["home_identity"] == identity


def test_a_fingerprint_is_a_pin_too_and_a_changed_pin_is_said(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    path = tmp_path / "key.json"
    shutil.copy(key_file, path)
    pin = fingerprint(b"x" * 32)
    result = proca_org("pin", path, pin.lower(), passphrase=PASSPHRASE)
    assert said(result)["home"] == pin
    assert f"it trusted {maker.identity} before" in result.stderr


def test_pin_with_a_wrong_passphrase_changes_nothing(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    path = tmp_path / "key.json"
    shutil.copy(key_file, path)
    before = path.read_text()
    assert proca_org("pin", path, maker.identity, passphrase="not this one").exit_code == 1
    assert proca_org("pin", path, "not a pin", passphrase=PASSPHRASE).exit_code == 2
    assert proca_org("pin", path, maker.identity).exit_code == 2
    assert path.read_text() == before


def test_keystore_writes_procas_clear_format_with_a_warning(
    proca_org: Command, tmp_path: Path, key_file: Path, maker: ExportMaker
) -> None:
    out = tmp_path / "store.json"
    result = proca_org("keystore", key_file, "-o", out, passphrase=PASSPHRASE)
    assert result.exit_code == 0
    assert json.loads(out.read_text()) == {encode(maker.public): {"private": encode(bytes(maker.private))}}
    assert mode(out) == 0o600
    assert "warning" in result.stderr
    assert encode(bytes(maker.private)) not in result.output


def test_keystore_never_writes_over_a_file(proca_org: Command, tmp_path: Path, key_file: Path) -> None:
    out = tmp_path / "store.json"
    out.write_text("{}")
    assert proca_org("keystore", key_file, "-o", out, passphrase=PASSPHRASE).exit_code == 2
    assert out.read_text() == "{}"


def test_the_vectors_keystore_gives_back_its_public_key(tmp_path: Path, proca_org: Command, maker: ExportMaker) -> None:
    public, private = "wO5nTVdTgwRd-WHpHwn62WH-U5Pv3sJENOGVHqnNES0", "MIM-otliSoUxvBeuHaXh6yMkPaKSyNQ9Jq5R-QVVFCs"
    export, store = tmp_path / "export.csv", tmp_path / "store.json"
    export.write_text("")
    store.write_text(json.dumps({public: {"private": private}}))
    assert "the file is empty" in proca_org("decrypt", export, "--keystore", store).stderr


@pytest.mark.parametrize(
    "entry", [{}, [], {"A" * 43: {}}, {"A" * 43: "x"}, {"A" * 43: {"private": 7}}, {"A" * 43: {"private": "A" * 43}}]
)
def test_a_damaged_keystore_is_exit_1(proca_org: Command, tmp_path: Path, maker: ExportMaker, entry: object) -> None:
    export, store = tmp_path / "export.csv", tmp_path / "store.json"
    export.write_text("")
    store.write_text(json.dumps(entry))
    result = proca_org("decrypt", export, "--keystore", store)
    assert result.exit_code == 1
    assert str(store) in result.stderr


def test_a_full_disk_leaves_no_half_key_file(
    proca_org: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = proca_org("keygen", "--org", "org-one", "--out", tmp_path / "key.json", passphrase=PASSPHRASE)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert not list(tmp_path.iterdir())
