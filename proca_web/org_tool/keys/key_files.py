"""Key files on disk: making, showing, pinning, and the clear keystore that Proca's tools read."""

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError, KeyFileDamaged, WrongPassphrase
from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool import drafts, files
from proca_web.org_tool.errors import ToolError, UsageFault
from proca_web.org_tool.keys.passphrases import Passphrases

_ORG_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 64
_KEY_CHARACTERS = 43


def check_org(name: str) -> str:
    """An org's short name as the platform writes it. Raises UsageFault."""
    if not _ORG_NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise UsageFault("the org's name has small letters, digits and single dashes, at most 64; see your console.")
    return name


def check_pin(text: str) -> str:
    """A Home identity, or its fingerprint, as people give it. Raises UsageFault."""
    try:
        return keyfile.read_pin(text)
    except EncodingError as error:
        raise UsageFault(
            f"this is no identity of a site ({error}): take the 43 characters from its /keys page, or their"
            " fingerprint (8 groups of 4)."
        ) from error


def home_fingerprint(pin: str) -> str:
    """A pin as a fingerprint: pins are the 43-character identity, its fingerprint, or empty."""
    return fingerprint(decode(pin)) if len(pin) == _KEY_CHARACTERS else pin


def make(key: OrgKey, passphrase: str, out: Path, *, recovery: bool = False) -> Path:
    """Write a new key file, never over an existing one; `out` may be a folder. Returns the file's path."""
    kind = "recovery-" if recovery else ""
    name = f"{key.org}-{kind}{fingerprint(key.public)[:9].replace('-', '')}.orgkey.json"
    path = out / name if out.is_dir() else out
    files.write_new(path, keyfile.dumps(keyfile.lock(key, passphrase)))
    return path


def load(path: Path) -> dict[str, Any]:
    """A key file's content, its shape and check value tested. Raises ToolError when it is damaged or none."""
    content = read_json(path)
    if isinstance(content, dict) and content and all(len(name) == _KEY_CHARACTERS for name in content):
        raise ToolError(f"{path} is not an org key file; Proca's clear keystore is given with --keystore.")
    try:
        keyfile.inspect(content)
    except KeyFileDamaged as error:
        raise ToolError(f"{path} is damaged: {error}. Use another copy of the key file.") from error
    loaded: dict[str, Any] = content
    return loaded


def unlock(path: Path, content: dict[str, Any], passphrase: str) -> OrgKey:
    """The opened key. Raises ToolError that tells a wrong passphrase from a damaged file."""
    try:
        return keyfile.unlock(content, passphrase)
    except WrongPassphrase as error:
        raise ToolError(f"wrong passphrase: it does not open {path} (the file itself is intact).") from error
    except KeyFileDamaged as error:
        raise ToolError(f"{path} is damaged: {error}. Use another copy of the key file.") from error


def open_all(paths: tuple[Path, ...], passphrases: Passphrases) -> list[OrgKey]:
    """Every key file opened with its passphrase, in order; each file is tested before a passphrase is asked."""
    passphrases.check_number(len(paths))
    contents = [load(path) for path in paths]
    return [
        unlock(path, content, passphrases.ask(path, place))
        for place, (path, content) in enumerate(zip(paths, contents, strict=True))
    ]


def pin(path: Path, home: str, passphrases: Passphrases) -> str:
    """Seal the key file again with another pinned Home; the file is replaced in one step. Returns the old pin."""
    content = load(path)
    passphrase = passphrases.ask(path)
    key = unlock(path, content, passphrase)
    # A pinned box key belongs to the Home it came with.
    box = key.home_box if key.home_identity == home else ""
    pinned = replace(key, home_identity=home, home_box=box)
    made, rounds = _made(content["created_at"]), content["kdf"]["rounds"]
    drafts.replace(path, keyfile.dumps(keyfile.lock(pinned, passphrase, rounds=rounds, now=made)))
    return key.home_identity


def write_keystore(keys: list[OrgKey], out: Path) -> None:
    """Proca's clear keystore: the secrets in plain text. Never over an existing file."""
    content = {encode(key.public): {"private": encode(key.secret)} for key in keys}
    files.write_new(out, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The JSON of a small file. Raises ToolError."""
    try:
        return json.loads(files.read_small(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ToolError(f"{path} is damaged or of another kind: it is not JSON.") from error


def _made(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
