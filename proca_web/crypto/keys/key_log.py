"""The key log: an append-only chain of what happened to keys (protocol 5). An entry is its exact text, never rebuilt.

It shows a substitution to whoever compares two views of it; what two parties do not compare, it does not show.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proca_web.crypto.encoding import be64, decode, encode
from proca_web.crypto.errors import EncodingError, KeyLogRefused
from proca_web.crypto.keys import statements
from proca_web.crypto.keys.keys import CROCKFORD
from proca_web.crypto.labels import digest

HASH_BYTES = 32
BEGINNING = bytes(HASH_BYTES)
ENDING = ("retire", "revoke")
KEY_LOG_ALARM = "Proca-Key-Log"  # the header of an answer that says: this instance does not vouch for its own log
_LONGEST_ENTRY = 4096


def write_entry(index: int, previous: bytes, facts: Mapping[str, str | int]) -> str:
    """The text of a new entry: compact JSON, names sorted, with its place and the hash of the one before."""
    content = {**facts, "index": index, "prev": encode(previous)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(previous: bytes, text: str) -> bytes:
    """D(32, "keylog", hash before ‖ text)."""
    return digest(HASH_BYTES, "keylog", previous + text.encode())


def short_code(size: int, last_hash: bytes) -> str:
    """A head as twelve characters that two people can read to each other, in three groups of four."""
    number = int.from_bytes(digest(8, "keylog-code", be64(size) + last_hash), "big") >> 4
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(55, -1, -5))
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


@dataclass(frozen=True, slots=True)
class Head:
    """How long the log is and its last hash, said by the Home identity at a time (seconds of the epoch)."""

    size: int
    hash: bytes
    time: int
    signature: bytes

    def as_json(self) -> dict[str, Any]:
        """The form in which it travels."""
        return {
            "size": self.size,
            "hash": encode(self.hash),
            "time": self.time,
            "signature": encode(self.signature),
            "code": short_code(self.size, self.hash),
        }

    @classmethod
    def of(cls, content: Any) -> "Head":
        """From its JSON form. Raises KeyLogRefused."""
        if not isinstance(content, dict):
            raise KeyLogRefused("there is no head")
        size, time = content.get("size"), content.get("time")
        if type(size) is not int or type(time) is not int or not 0 <= size < 2**63 or not 0 <= time < 2**63:
            raise KeyLogRefused("the head's size or time is no number")
        try:
            return cls(size, _bytes(content, "hash", HASH_BYTES), time, _bytes(content, "signature", 64))
        except EncodingError as error:
            raise KeyLogRefused(f"the head is damaged: {error}") from error

    def is_by(self, identity: bytes) -> bool:
        """Whether this identity signed it."""
        data = statements.log_head(self.size, self.hash, self.time)
        return statements.is_signed(identity, statements.LOG_HEAD, data, self.signature)


@dataclass(frozen=True, slots=True)
class Home:
    """A Home Org key as the log knows it; `until` (seconds of the epoch) is None while it is the current one.

    Not `vouched`: the one before did not sign for it, as after a theft; whoever pinned that one must ask people.
    """

    identity: bytes
    box: bytes
    since_index: int
    until: int | None = None
    vouched: bool = True


@dataclass(frozen=True, slots=True)
class Chain:
    """A log that was read from its beginning: every link holds, every change of the Home identity is signed."""

    hashes: Sequence[bytes]
    homes: Sequence[Home]
    entries: Sequence[Mapping[str, Any]] = field(repr=False)

    @property
    def size(self) -> int:
        """How many entries."""
        return len(self.hashes)

    @property
    def last_hash(self) -> bytes:
        """The hash of the newest entry."""
        return self.hashes[-1] if self.hashes else BEGINNING

    def has(self, head: Head) -> bool:
        """Whether this log is the one the head speaks of, or extends it."""
        if head.size > self.size:
            return False
        return head.hash == (self.hashes[head.size - 1] if head.size else BEGINNING)

    def identity_at(self, index: int) -> bytes:
        """The Home identity in whose time an entry was written; a change is written by the new one."""
        return next(home.identity for home in reversed(self.homes) if home.since_index <= index)

    def current(self, org: str, role: str = "recipient") -> str:
        """The public key (base64url) that receives for an org; empty when none does."""
        found = ""
        for entry in self.entries:
            if entry.get("org") == org and entry.get("role") == role:
                if entry["event"] == "activate":
                    found = str(entry.get("public", ""))
                elif entry["event"] in ENDING and entry.get("public") == found:
                    found = ""
        return found


def read(entries: Sequence[Any]) -> Chain:
    """Check a log from its first entry to its last. Raises KeyLogRefused that says where the chain breaks."""
    hashes: list[bytes] = []
    homes: list[Home] = []
    contents: list[Mapping[str, Any]] = []
    for index, text in enumerate(entries):
        previous = hashes[-1] if hashes else BEGINNING
        content = _read_entry(index, previous, text)
        event = content["event"]
        if index == 0 and event != "home":
            raise KeyLogRefused("the log does not begin with the keys of its site")
        if event == "home":
            homes = [_home(content, index)] if index == 0 else _refuse(index, "a second beginning")
        elif event in ("home-rotate", "home-anew"):
            homes = _succeed(homes, content, index)
        hashes.append(entry_hash(previous, text))
        contents.append(content)
    return Chain(hashes, homes, contents)


def _read_entry(index: int, previous: bytes, text: Any) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > _LONGEST_ENTRY:
        raise KeyLogRefused(f"entry {index} is not a short text")
    try:
        content = json.loads(text)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise KeyLogRefused(f"entry {index} is not JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("event"), str):
        raise KeyLogRefused(f"entry {index} is no entry")
    if type(content.get("index")) is not int or content["index"] != index:
        raise KeyLogRefused(f"entry {index} says that it has another place")
    if content.get("prev") != encode(previous):
        raise KeyLogRefused(f"entry {index} does not follow from the one before it")
    return content


def _home(content: Mapping[str, Any], index: int) -> Home:
    try:
        return Home(_bytes(content, "identity", 32), _bytes(content, "box", 32), index)
    except EncodingError as error:
        raise KeyLogRefused(f"entry {index} has a damaged key: {error}") from error


def _succeed(homes: Sequence[Home], content: Mapping[str, Any], index: int) -> list[Home]:
    """The Home keys after a change; in a rotation the old identity must have signed for the new one."""
    time = content.get("time")
    if type(time) is not int or not 0 <= time < 2**63:
        raise KeyLogRefused(f"entry {index} has a time that is no time")
    new = replace(_home(content, index), vouched=content["event"] == "home-rotate")
    if new.vouched:
        _check_statement(homes[-1].identity, new, time, content, index)
    return [*homes[:-1], replace(homes[-1], until=time), new]


def _check_statement(old: bytes, new: Home, time: int, content: Mapping[str, Any], index: int) -> None:
    try:
        statement = _bytes(content, "statement", 64)
    except EncodingError as error:
        raise KeyLogRefused(f"entry {index} has a damaged statement: {error}") from error
    data = statements.home_rotation(new.identity, new.box, time)
    if not statements.is_signed(old, statements.HOME_ROTATE, data, statement):
        raise KeyLogRefused(f"entry {index} changes the site's identity without the old one's signature")


def _bytes(content: Mapping[str, Any], name: str, size: int) -> bytes:
    text = content.get(name)
    if not isinstance(text, str):
        raise EncodingError(f"{name} is missing")
    return decode(text, size)


def _refuse(index: int, what: str) -> list[Home]:
    raise KeyLogRefused(f"entry {index} is {what}")
