"""Postmark: signs nothing, so basic authentication; says what kind of bounce it was, and hands our metadata back."""

from collections.abc import Iterator

from proca_web.adapters.bounces.envelope import METADATA
from proca_web.adapters.bounces.proofs import Sent, at, require_password, texts
from proca_web.domain.bounce import Report, code_in, is_gone

# What its own words mean where the other server gave no code: "unknown user, mailbox not found", "not a valid address".
_MEANS = {"HardBounce": "5.1.1", "BadEmailAddress": "5.1.3"}


def reports(sent: Sent, secret: str) -> Iterator[Report]:
    """Mails whose recipient is surely not there. Raises NotProven, ValueError."""
    require_password(sent, secret)
    event = sent.json()
    is_bounce = at(event, "RecordType") in ("Bounce", None)  # webhooks of older accounts do not say it
    means = _MEANS.get(str(at(event, "Type"))) if is_bounce else None
    if means and is_gone(code_in(at(event, "Details")) or means):
        yield Report(texts(at(event, "Metadata", METADATA)))
