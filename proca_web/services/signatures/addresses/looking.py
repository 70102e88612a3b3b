"""The look-ups before an address gets its mail: junk, said no, too many today, has signed already (protocol 6).

Made when a mail is claimed, in that transaction, and when a signature is accepted that nobody is asked to confirm: a
fixed number of statements, however many there are. The caller holds the lock `fingerprints.marking`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.people import text
from proca_web.models import Supporter
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import fingerprints
from proca_web.services.signatures.addresses import blocks, marks
from proca_web.services.signatures.addresses.marks import Mark

_SIGNED = marks.in_table(driver.table(Supporter), "fingerprint")


class Verdict(Enum):
    """What is to become of a mail."""

    GOES = "goes"
    KNOWN = "known"
    JUNK = "junk"
    CAPPED = "capped"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """An address that is to get a mail; `mark` where it was looked up before, `counts` whether the mail is one more."""

    action_id: int
    campaign_id: int
    waiting: Waiting = field(repr=False)
    mark: bytes | None = field(default=None, repr=False)
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out; junk has no mark."""

    verdict: Verdict
    mark: bytes = field(default=b"", repr=False)


def look(session: Session, keyring: Keyring, asked: Sequence[Asked], now: datetime) -> dict[int, Found]:
    """What becomes of each; who is missing waits, because the keyring lacks the key of their campaign."""
    junk = {each.action_id for each in asked if each.mark is None and not _is_person(each.waiting)}
    known_by = _marks(session, keyring, [each for each in asked if each.action_id not in junk])
    said_no = blocks.among(session, set(known_by.values()))
    counted = [
        (each.action_id, mark)
        for each in asked
        if each.counts and (mark := known_by.get(each.action_id)) is not None and mark not in said_no
    ]
    within = marks.within(counted, marks.count(session, Counter(mark for _, mark in counted), now))
    capped = {action for action, _ in counted} - within
    signed = marks.among(session, set(known_by.values()), _SIGNED)
    found = {action: Found(Verdict.JUNK) for action in junk}
    for action, mark in known_by.items():
        found[action] = Found(_verdict(action in capped, mark in said_no, mark in signed), mark[1])
    return found


def _verdict(is_capped: bool, is_blocked: bool, is_known: bool) -> Verdict:
    if is_blocked:
        return Verdict.BLOCKED
    if is_capped:
        return Verdict.CAPPED
    return Verdict.KNOWN if is_known else Verdict.GOES


def _is_person(waiting: Waiting) -> bool:
    """Whether address and name keep the rules of the form; what did not open has neither."""
    return text.is_email(waiting.email) and text.is_name(waiting.first_name)


def _marks(session: Session, keyring: Keyring, asked: Sequence[Asked]) -> dict[int, Mark]:
    keys = fingerprints.keys_of(session, keyring, {each.campaign_id for each in asked if each.mark is None})
    return {
        each.action_id: (each.campaign_id, mark)
        for each in asked
        if (mark := each.mark or _mark(keys, each)) is not None
    }


def _mark(keys: Mapping[int, bytes], asked: Asked) -> bytes | None:
    key = keys.get(asked.campaign_id)
    return fingerprints.of(key, asked.waiting.email) if key is not None else None
