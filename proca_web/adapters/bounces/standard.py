"""Whoever signs as Standard Webhooks has it: a mail server's own script, or a provider that has no room here.

The event is ours to define: `{"type": "mail.bounced", "data": {"status": "5.1.1", "envelope": …, "message_id": …}}`.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta

from proca_web.adapters.bounces.proofs import NotProven, Sent, at, require_moment, signature, texts
from proca_web.config.bounces import decoded
from proca_web.domain.bounce import Report, is_gone

_WITHIN = timedelta(minutes=5)
_VERSION = "v1,"


def reports(sent: Sent, secret: str) -> Iterator[Report]:
    """Mails whose recipient is surely not there. Raises NotProven, ValueError."""
    _prove(sent, decoded(secret) or secret.encode())
    event = sent.json()
    data = at(event, "data")
    if at(event, "type") == "mail.bounced" and is_gone(at(data, "status"), at(data, "diagnostic")):
        yield Report(texts(at(data, "envelope"), at(data, "message_id")))


def _prove(sent: Sent, key: bytes) -> None:
    name, stamp, given = (sent.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    require_moment(sent, stamp, _WITHIN)
    right = b64encode(signature(key, f"{name}.{stamp}.".encode() + sent.body)).decode("ascii")
    signed = [each.removeprefix(_VERSION) for each in given.split(" ") if each.startswith(_VERSION)]
    if not any(hmac.compare_digest(each.encode(), right.encode()) for each in signed):
        raise NotProven
