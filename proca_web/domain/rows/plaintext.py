"""The plaintext of one copy: Proca's contact JSON, `_meta` that binds it to its place, and padding (protocol 3).

Written here, on the server; read by `opened_copy`, on the org's premises.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the org's tool reads plaintexts without the libraries that check a form's fields
    from proca_web.domain.people.contact import ContactData

BUCKETS = (1024, 2048, 4096, 8192)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

# Our field names and Proca's. `address` is an object of its own.
PROCA_NAMES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "phone": "phone",
    "country": "country",
    "postcode": "postcode",
    "birth_date": "birthDate",
    "comment": "comment",
}
ADDRESS_NAMES = {
    "street": "street",
    "street_number": "streetNumber",
    "locality": "locality",
    "region": "region",
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where a copy belongs: what `_meta` says besides the reader's own key. Names are the immutable ones."""

    home: str
    action_ref: str
    contact_ref: str
    campaign: str
    page: str
    org: str
    opt_in: bool | None
    deliver: bool
    consent: str
    at: datetime
    check: str


def contact_json(contact: ContactData) -> dict[str, Any]:
    """A contact under Proca's names; `area` repeats the country, as Proca's basic schema does."""
    content: dict[str, Any] = {}
    address = {}
    for name, value in contact.items():
        if name in PROCA_NAMES:
            content[PROCA_NAMES[name]] = value
        else:
            address[ADDRESS_NAMES[name]] = value
    if address:
        content["address"] = address
    if contact.country:
        content["area"] = contact.country
    return content


def compose(contact: ContactData, context: Context, *, to: str, role: str) -> bytes:
    """The padded bytes that are sealed to the key with fingerprint `to`."""
    content = contact_json(contact)
    content["_meta"] = {
        "v": 1,
        "c": context.check,
        "home": context.home,
        "action": context.action_ref,
        "ref": context.contact_ref,
        "campaign": context.campaign,
        "page": context.page,
        "org": context.org,
        "to": to,
        "role": role,
        "optIn": context.opt_in,
        "deliver": context.deliver,
        "consent": context.consent,
        "at": context.at.strftime("%Y-%m-%dT%H:%M:00Z"),
    }
    return pad(dumps(content))


def dumps(content: dict[str, Any]) -> bytes:
    """Compact UTF-8 JSON with members in byte order, as Proca's server writes it."""
    return _ENCODER.encode(content).encode()


def pad(content: bytes) -> bytes:
    """Fill with spaces to 1, 2, 4 or 8 KiB, so that the length tells little. Raises ValueError beyond."""
    for bucket in BUCKETS:
        if len(content) <= bucket:
            return content.ljust(bucket, b" ")
    raise ValueError("a contact has at most 8 KiB")
