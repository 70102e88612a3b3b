"""The keys of worker hosts: which are sealed to, which one is due, and which nobody needs any more (protocol 6).

A key's row stands as long as its secret half exists; a row that is removed says that the key is gone. Ids only rise:
a host's newest key is the one with the highest id: one made by a clock far ahead is superseded by the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal, worker_key
from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.boxes.worker_key import LIFE, WorkerKey
from proca_web.crypto.keys.home import HomeKey
from proca_web.models import Transient, WorkerKeyRow
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring

EVERY = timedelta(hours=1)
YOUNG = timedelta(hours=2)
KEPT = timedelta(hours=2)
SUPERSEDED_FOR = timedelta(minutes=10)
AHEAD = timedelta(minutes=5)
MOST_HOSTS = 3
_KEYS = driver.table(WorkerKeyRow)
_NEEDED = exists().where(Transient.wait_key.is_not(None), Transient.wait_key <= WorkerKeyRow.id)


@dataclass(frozen=True, slots=True)
class Host:
    """A worker host as its keys tell of it."""

    name: str
    newest: datetime
    keys: int


class Opener:
    """Opens what waits with the keys of this host; none is kept when it is closed."""

    def __init__(self, keyring: Keyring, publics: dict[int, bytes]) -> None:
        self._keyring = keyring
        self._publics = publics
        self._pairs: dict[int, LivePair | None] = {}

    def open(self, seal: bytes) -> Waiting | None:
        """What waits; None when this host has none of its keys. Raises CannotOpen when it has one that does not fit."""
        for id_ in transient_seal.key_ids(seal):
            pair = self._pair(id_)
            if pair is not None:
                return transient_seal.open_waiting(pair, id_, seal)
        return None

    def _pair(self, id_: int) -> LivePair | None:
        if id_ not in self._pairs:
            public = self._publics.get(id_)
            self._pairs[id_] = self._keyring.worker.pair(public) if public else None
        return self._pairs[id_]

    def close(self) -> None:
        """Overwrite every key that was read."""
        for pair in self._pairs.values():
            if pair is not None:
                pair.end()
        self._pairs.clear()


@contextmanager
def opener(session: Session, keyring: Keyring) -> Iterator[Opener]:
    """What opens the seals of this host while the block lasts."""
    host = keyring.host
    own = _of_host(session, host) if host else []
    made = Opener(keyring, {key.id: key.public for key in own})
    try:
        yield made
    finally:
        made.close()


def every(session: Session) -> list[WorkerKey]:
    """All keys there are, the newest first."""
    return [_key(row) for row in session.scalars(select(WorkerKeyRow).order_by(WorkerKeyRow.id.desc()))]


def chosen(keys: Iterable[WorkerKey], identity: bytes, now: datetime) -> list[WorkerKey]:
    """What is sealed to now: the newest key of each of the three hosts seen last; an old one only for want of others.

    Only keys that the Home identity vouches for; `keys` are the newest first.
    """
    newest: dict[str, WorkerKey] = {}
    for key in keys:
        if key.not_before <= now + AHEAD and now < key.not_after and key.is_vouched_for(identity):
            newest.setdefault(key.host, key)
    seen_last = sorted(newest.values(), key=lambda key: key.not_before, reverse=True)[:MOST_HOSTS]
    young = [key for key in seen_last if now - key.not_before <= YOUNG]
    return young or seen_last[:1]


def is_due(session: Session, identity: bytes, host: str, now: datetime) -> bool:
    """Whether that host needs its next key: an hour is over, or its newest is from ahead, or not vouched for."""
    own = _of_host(session, host)
    return not own or not -AHEAD <= now - own[0].not_before < EVERY or not own[0].is_vouched_for(identity)


def add(session: Session, home: HomeKey, host: str, public: bytes, now: datetime) -> WorkerKey:
    """The row of a key whose file is on the disk."""
    begin = now.replace(microsecond=0)
    certificate = worker_key.issue(home, host, public, begin)
    row = WorkerKeyRow(host=host, public=public, not_before=begin, not_after=begin + LIFE, certificate=certificate)
    session.add(row)
    session.flush()
    return _key(row)


def old(session: Session, host: str, aged: datetime, now: datetime) -> list[WorkerKey]:
    """Keys of that host which another one superseded, two hours old or from far ahead; the newest first."""
    own = _of_host(session, host)
    return [key for key in own[1:] if key.not_before <= aged - KEPT or key.not_before > max(aged, now) + AHEAD]


def unneeded(session: Session, host: str, aged: datetime, now: datetime) -> list[WorkerKey]:
    """Those of the old ones that were superseded ten minutes ago and that nothing names any more."""
    own = _of_host(session, host)
    after = {key.id: newer for newer, key in zip(own, own[1:], strict=False)}
    needed = set(session.scalars(select(WorkerKeyRow.id).where(WorkerKeyRow.host == host, _NEEDED)))
    return [
        key
        for key in old(session, host, aged, now)
        if key.id not in needed and after[key.id].not_before <= now - SUPERSEDED_FOR
    ]


def gone(session: Session, keyring: Keyring) -> list[WorkerKey]:
    """Keys of this host whose file does not exist."""
    there = keyring.worker.publics()
    return [key for key in _of_host(session, keyring.host) if key.public not in there]


def orphans(session: Session, keyring: Keyring) -> set[bytes]:
    """Files of this host that no row names: their making was cut off. Asked in the host's turn only."""
    return keyring.worker.publics() - {key.public for key in every(session)}


def remove(session: Session, keys: Sequence[WorkerKey]) -> None:
    """These keys are gone."""
    session.execute(delete(_KEYS).where(_KEYS.c.id.in_([key.id for key in keys])))


def leave(session: Session, host: str) -> None:
    """That host is gone for good, and all of its keys."""
    session.execute(delete(_KEYS).where(_KEYS.c.host == host))


def hosts(session: Session) -> list[Host]:
    """The worker hosts that have keys, the one seen last first."""
    found: dict[str, list[WorkerKey]] = {}
    for key in every(session):
        found.setdefault(key.host, []).append(key)
    seen = [Host(name, max(key.not_before for key in keys), len(keys)) for name, keys in found.items()]
    return sorted(seen, key=lambda host: host.newest, reverse=True)


def others_seen(session: Session, host: str, now: datetime) -> list[Host]:
    """Worker hosts but this one that made a key within six hours."""
    return [each for each in hosts(session) if each.name != host and now - each.newest < LIFE]


def _of_host(session: Session, host: str) -> list[WorkerKey]:
    return [key for key in every(session) if key.host == host]


def _key(row: WorkerKeyRow) -> WorkerKey:
    return WorkerKey(row.id, row.host, row.public, row.not_before, row.not_after, row.certificate)
