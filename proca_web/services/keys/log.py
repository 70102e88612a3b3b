"""Writing the key log, checking it against the guard, and what is published of it (protocol 5).

Append-only. Every act on an org's key happens under its lock and leaves an entry in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import KeyLogRefused
from proca_web.crypto.keys import key_log, statements
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.key_log import BEGINNING, Chain, Head
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.errors import KeyLogBroken
from proca_web.domain.words import KeyEvent
from proca_web.models import KeyLogEntry, PublicKey
from proca_web.services import driver
from proca_web.services.sealing import sender_rows
from proca_web.services.sealing.guard import Guard, Line, Memory

_LOCK_NUMBER = 0x70726F63616B


@dataclass(frozen=True, slots=True)
class Published:
    """The whole log as everybody may read it, with a fresh head."""

    entries: Sequence[str]
    head: Head

    @property
    def code(self) -> str:
        """The head as people read it to each other."""
        return key_log.short_code(self.head.size, self.head.hash)


def lock(session: Session) -> None:
    """Wait until nobody else acts on keys; held to the end of the transaction."""
    driver.lock(session, _LOCK_NUMBER)


def next_position(session: Session) -> int:
    """Where the next entry goes; certain only under the lock."""
    last = session.scalar(select(func.max(KeyLogEntry.position)))
    return 0 if last is None else last + 1


def append(session: Session, home: HomeKey, event: KeyEvent, now: datetime, **facts: str | int) -> int:
    """Write one entry, signed by the Home identity; returns its place. Only under the lock.

    Raises KeyLogBroken in a process whose Home key was replaced: nobody could ever believe its entry, nor take it away.
    """
    if session.scalar(select(PublicKey.sign_public).where(*sender_rows.IN_FORCE)) != home.identity:
        raise KeyLogBroken("the Home key of this process is not in force any more; restart it")
    position = next_position(session)
    last = session.scalar(select(KeyLogEntry.hash).where(KeyLogEntry.position == position - 1))
    previous = bytes(last) if last is not None else BEGINNING
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = key_log.write_entry(position, previous, {"at": at, "event": event, **facts})
    hash_ = key_log.entry_hash(previous, text)
    signature = home.sign(statements.LOG_ENTRY, statements.log_entry(position, hash_))
    session.add(KeyLogEntry(position=position, entry=text, hash=hash_, signature=signature, at=now))
    session.flush()  # the next entry of this transaction follows from this one
    return position


def append_about(
    session: Session, home: HomeKey, event: KeyEvent, org: str, key: PublicKey, now: datetime, **more: str
) -> int:
    """Write an entry about an org's key."""
    facts = {
        "org": org,
        "role": key.role,
        "public": encode(key.public),
        "fingerprint": key.fingerprint,
        "sign_public": encode(key.sign_public) if key.sign_public else "",
    }
    return append(session, home, event, now, **facts, **more)


def begin(session: Session, home: HomeKey, now: datetime) -> None:
    """The first entry: the Home Org's own public halves."""
    append(session, home, KeyEvent.HOME, now, **home_facts(home))


def home_facts(home: HomeKey) -> dict[str, str]:
    """What the log says about a Home key."""
    return {
        "identity": encode(home.identity),
        "box": encode(home.box_public),
        "fingerprint": fingerprint(home.identity),
    }


def checked(session: Session, identity: bytes, guard: Guard) -> tuple[list[str], Chain]:
    """The log, read from its beginning and compared with the guard. Raises KeyLogBroken, GuardDamaged.

    Needs a transaction that has read nothing yet, or one that holds the lock.
    """
    return _checked(session, identity, guard.memory())


def _checked(session: Session, identity: bytes, memory: Memory) -> tuple[list[str], Chain]:
    """The memory is older than what is read here, or an entry written meanwhile would look like one that was cut."""
    rows = session.execute(
        select(KeyLogEntry.entry, KeyLogEntry.hash, KeyLogEntry.signature).order_by(KeyLogEntry.position)
    ).all()
    texts = [row.entry for row in rows]
    try:
        chain = key_log.read(texts)
    except KeyLogRefused as refusal:
        raise KeyLogBroken(f"the key log was changed: {refusal}") from refusal
    if not chain.homes or chain.homes[-1].identity != identity:
        raise KeyLogBroken("the key log does not lead to the Home key of this process; after a rotation, restart it")
    for position, (row, computed) in enumerate(zip(rows, chain.hashes, strict=True)):
        message = statements.log_entry(position, computed)
        signer = chain.identity_at(position)
        if bytes(row.hash) != computed or not statements.is_signed(
            signer, statements.LOG_ENTRY, message, bytes(row.signature)
        ):
            raise KeyLogBroken(f"entry {position} of the key log was not written by the Home identity")
    _compare(chain, memory.lines)
    return texts, chain


def mirror(session: Session, identity: bytes, guard: Guard) -> int:
    """Bring the guard up to date with the log; returns how many entries were new. Raises KeyLogBroken, GuardDamaged."""
    memory = guard.memory()
    newest = session.execute(
        select(KeyLogEntry.position, KeyLogEntry.hash).order_by(KeyLogEntry.position.desc()).limit(1)
    ).first()
    if newest is not None and newest.position + 1 == len(memory.lines) and bytes(newest.hash) == memory.last_hash:
        return 0
    _, chain = _checked(session, identity, memory)
    fresh = _lines(chain)[len(memory.lines) :]
    guard.append(fresh)
    return len(fresh)


def publish(session: Session, home: HomeKey, guard: Guard, now: datetime) -> Published:
    """The log with a head signed now. Raises KeyLogBroken: nothing is signed that this instance did not write."""
    texts, chain = checked(session, home.identity, guard)
    time = int(now.timestamp())
    signature = home.sign(statements.LOG_HEAD, statements.log_head(chain.size, chain.last_hash, time))
    return Published(texts, Head(chain.size, chain.last_hash, time, signature))


def _compare(chain: Chain, lines: Sequence[Line]) -> None:
    if len(lines) > chain.size:
        raise KeyLogBroken(
            f"the key log has {chain.size} entries, the keyring remembers {len(lines)}: the database is old or was cut"
        )
    for written, line in zip(_lines(chain), lines, strict=False):
        if written != line:
            raise KeyLogBroken(f"entry {line.position} of the key log is not the one the keyring remembers")


def _lines(chain: Chain) -> list[Line]:
    """What is to be remembered of a log."""
    return [
        Line(position, hash_, str(entry["event"]), str(entry.get("fingerprint", "")))
        for position, (hash_, entry) in enumerate(zip(chain.hashes, chain.entries, strict=True))
    ]
