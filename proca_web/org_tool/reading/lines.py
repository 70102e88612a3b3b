"""What every reader of an encrypted export keeps to: the columns it needs, and what to call a line that is no row."""

from typing import NamedTuple

# A row is a payload of at most 11,000 characters and short columns; whatever is longer than this is no row.
LONGEST_LINE = 1 << 20

# Without these a row can be neither checked nor named; any other column may be missing and counts as empty.
REQUIRED = (
    "seq",
    "action_id",
    "action_ref",
    "action_type",
    "created_at",
    "campaign",
    "action_page",
    "contact_ref",
    "opt_in",
    "email_status",
    "consent",
    "payload",
    "nonce",
    "public_key",
    "sign_key",
    "sign_key_cert",
    "sign_key_not_before",
    "sign_key_not_after",
)


class Damaged(NamedTuple):
    """A line that is no row: the reason, and its cells as far as they can be told apart (in ENCRYPTED order)."""

    reason: str
    cells: tuple[str, ...] = ()


def is_endless(raw: bytes) -> bool:
    """Whether this is only the beginning of a line that is longer than any row."""
    return len(raw) >= LONGEST_LINE and not raw.endswith(b"\n")


ENDLESS = Damaged("the line is longer than any row")
