"""Mailgun: signs a time and a token with HMAC-SHA-256, inside of the body; tells the envelope and our Message-ID."""

import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from proca_web.adapters.bounces.proofs import NotProven, Sent, at, require_moment, signature, texts
from proca_web.domain.bounce import Report, is_gone

_WITHIN = timedelta(minutes=15)


def reports(sent: Sent, secret: str) -> Iterator[Report]:
    """Mails whose recipient is surely not there. Raises NotProven."""
    try:
        given = sent.json()
    except ValueError:  # what cannot be read proves nothing
        raise NotProven from None
    _prove(sent, at(given, "signature"), secret)
    event = at(given, "event-data")
    status = at(event, "delivery-status")
    if (at(event, "event"), at(event, "severity")) != ("failed", "permanent"):
        return
    if is_gone(at(status, "enhanced-code"), at(status, "message") or at(status, "description")):
        yield Report(texts(at(event, "envelope", "sender"), at(event, "message", "headers", "message-id")))


def _prove(sent: Sent, proof: Any, secret: str) -> None:
    stamp, token, given = (at(proof, name) for name in ("timestamp", "token", "signature"))
    if not isinstance(token, str) or not isinstance(given, str):
        raise NotProven
    require_moment(sent, stamp, _WITHIN)
    right = signature(secret.encode(), f"{stamp}{token}".encode(errors="replace")).hex()
    if not hmac.compare_digest(given.encode(errors="replace"), right.encode()):
        raise NotProven
