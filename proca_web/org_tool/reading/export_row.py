"""One row of an encrypted export, whichever file format it came in: the contract's columns as texts."""

from typing import NamedTuple

from proca_web.domain.rows.export_columns import ERASED

# A row is a payload of at most 11,000 characters and short columns; whatever is longer than this is no row.
LONGEST_LINE = 1 << 20

# Without these a row can be neither checked nor named; any other column may be missing and counts as empty.
REQUIRED = (
    *("seq", "action_id", "action_ref", "action_type", "created_at", "campaign", "action_page", "contact_ref"),
    *("opt_in", "email_status", "consent", "payload", "nonce", "public_key", "sign_key", "sign_key_cert"),
    *("sign_key_not_before", "sign_key_not_after"),
)


class Row(NamedTuple):
    """The columns of ENCRYPTED, in its order (a tuple and not a dataclass: it is made a million times)."""

    seq: str
    action_id: str
    action_ref: str
    action_type: str
    created_at: str
    campaign: str
    action_page: str
    testing: str
    repeat: str
    contact_ref: str
    opt_in: str
    given_at: str
    email_status: str
    consent: str
    payload: str
    nonce: str
    public_key: str
    sign_key: str
    sign_key_cert: str
    sign_key_not_before: str
    sign_key_not_after: str
    sealed_by: str
    area: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_content: str
    custom_fields: str
    receipt: str

    @property
    def is_erasure(self) -> bool:
        """Whether this row only says that a contact was erased."""
        return self.action_type == ERASED


class Damaged(NamedTuple):
    """A line that is no row: the reason, and its cells as far as they can be told apart (in ENCRYPTED order)."""

    reason: str
    cells: tuple[str, ...] = ()


def is_endless(raw: bytes) -> bool:
    """Whether this is only the beginning of a line that is longer than any row."""
    return len(raw) >= LONGEST_LINE and not raw.endswith(b"\n")


ENDLESS = Damaged("the line is longer than any row")
