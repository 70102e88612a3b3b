"""The two rows an org meets: one of the encrypted export, and what its tool makes of it. Columns are declared here.

Names and order are the contract's; whoever writes or reads such a row, in whatever form, takes both from here.
"""

import json
from typing import NamedTuple

ERASED = "erased"
END = "end"


class ExportRow(NamedTuple):
    """A row of the encrypted export, every column as text (a tuple, because it is made a million times)."""

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

    @property
    def is_end(self) -> bool:
        """Whether this is no row but the mark at the end of the file."""
        return self.action_type == END


class DecryptedRow(NamedTuple):
    """A row that was opened: some columns of the export, and those of a contact under their names in the form."""

    action_id: str
    action_type: str
    created_at: str
    campaign: str
    action_page: str
    contact_ref: str
    opt_in: str
    email_status: str
    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    postcode: str
    street: str
    street_number: str
    locality: str
    region: str
    birth_date: str
    comment: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_content: str


ENCRYPTED = ExportRow._fields
DECRYPTED = DecryptedRow._fields


def end_mark(rows: int, last: int) -> ExportRow:
    """The last line of an export: how many rows stand before it, and the last `seq` among them."""
    empty = ExportRow._make([""] * len(ENCRYPTED))
    counted = json.dumps({"rows": str(rows)}, separators=(",", ":"))
    return empty._replace(seq=str(last), action_type=END, custom_fields=counted)
