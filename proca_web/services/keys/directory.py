"""The public key directory: what signatures are sealed to now, and which keys came without the old one's word."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.domain import key_life
from proca_web.domain.words import Continuity
from proca_web.models import KeyLogEntry, PublicKey
from proca_web.services.keys import recipients
from proca_web.services.sealing.vouching import Vouching


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """An org's key as the public directory shows it. `broken`: it replaced another without that one's signature.

    `expired`: its time is over, but it is still sealed to.
    """

    org: str
    title: str
    public: bytes
    sign_public: bytes | None
    fingerprint: str
    role: str
    activated_at: datetime | None
    endorsement: bytes
    log_index: int
    broken: bool
    expired: bool


def published(session: Session, vouching: Vouching, now: datetime) -> list[PublishedKey]:
    """The keys that are sealed to now, by org and role."""
    keys = recipients.everywhere(session, vouching, now)
    places = KeyLogEntry.position.in_([key.log_index for key in keys])
    entries = {entry.position: entry.entry for entry in session.scalars(select(KeyLogEntry).where(places))}
    return [
        PublishedKey(
            org=key.org.name,
            title=key.org.title,
            public=key.public,
            sign_public=key.sign_public,
            fingerprint=key.fingerprint,
            role=key.role,
            activated_at=key.activated_at,
            endorsement=key.endorsement or b"",
            log_index=key.log_index or 0,
            broken=_came_broken(key, entries[key.log_index], now),
            expired=key_life.state(key.status, key.expires_at, now) == key_life.EXPIRED,
        )
        for key in keys
        if key.log_index in entries
    ]


def entries(session: Session, vouching: Vouching, now: datetime) -> list[dict[str, str | int]]:
    """The directory as JSON members, for tools."""
    return [
        {
            "org": key.org,
            "role": key.role,
            "public": encode(key.public),
            "sign_public": encode(key.sign_public) if key.sign_public else "",
            "fingerprint": key.fingerprint,
            "endorsement": encode(key.endorsement),
            "log_index": key.log_index,
        }
        for key in published(session, vouching, now)
    ]


def _came_broken(key: PublicKey, entry: str, now: datetime) -> bool:
    """Whether it came without continuity, said for 90 days."""
    recent = key.activated_at is not None and key.activated_at + key_life.CHANGE_VISIBLE > now
    return recent and json.loads(entry).get("continuity") == Continuity.BROKEN
