"""Brevo: signs nothing, so basic authentication or a bearer token; hands our header back.

Its "hard bounce" may be a server that is down: the code in its reason decides.
"""

from collections.abc import Iterator

from proca_web.adapters.bounces.envelope import CUSTOM
from proca_web.adapters.bounces.proofs import Sent, at, require_password, texts
from proca_web.domain.bounce import Report, is_gone

_FOR_GOOD = ("hard_bounce", "invalid_email")


def reports(sent: Sent, secret: str) -> Iterator[Report]:
    """Mails whose recipient is surely not there; one event, or several in a list. Raises NotProven, ValueError."""
    require_password(sent, secret)
    events = sent.json()
    for event in events if isinstance(events, list) else [events]:
        if at(event, "event") in _FOR_GOOD and is_gone("", at(event, "reason")):
            yield Report(texts(at(event, CUSTOM), at(event, "message-id")))
