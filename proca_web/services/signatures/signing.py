"""How a signature enters: seal one copy per receiving org, then write everything in one transaction.

Seal before store: no path here keeps a contact in clear, and without the keys of those who always receive there is
no signature at all. No mail, DNS or HTTP call happens here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from nacl.utils import random

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.sealing import Sealed
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.domain.errors import NoActiveKey, PageNotOpen, WordingChanged
from proca_web.domain.pages import privacy
from proca_web.domain.pages.privacy import Consent
from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows.plaintext import Context, dumps
from proca_web.domain.transient import State
from proca_web.services.driver import AnyConnection
from proca_web.services.petitions import facts as pages
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import writer as signature_writer
from proca_web.services.signatures.writer import Copy, Draft

WORDING_GRACE = timedelta(hours=24)


class Encryptor(Protocol):
    """What seals this submission: the encryption extension's submission."""

    @property
    def home(self) -> str: ...

    def encrypt(self, key: RecipientKey, contact: ContactData, context: Context) -> Sealed: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted form: who signs, with which consents, and the action's metadata."""

    contact: ContactData
    consent: Consent
    comment: str
    utm: Mapping[str, str]
    testing: bool
    wording: str

    def with_email(self, address: str) -> "Submission":
        """The same with a corrected address."""
        return replace(self, contact=replace(self.contact, email=address))


def check(connection: AnyConnection, page: PageFacts, form: Mapping[str, str], now: datetime) -> str:
    """Refuse what no correction of fields can mend; returns the hash of the wording the supporter saw.

    Raises PageNotOpen, NoActiveKey, WordingChanged.
    """
    if not page.is_open:
        raise PageNotOpen(page.name)
    page.require_keys()
    if any(form.get(field) for field in page.unasked_fields):
        raise WordingChanged(page.name)
    shown = form.get("wording") or page.wording
    if shown != page.wording and not pages.was_replaced_since(connection, page.id, shown, now - WORDING_GRACE):
        raise WordingChanged(page.name)
    return shown


def seal(encryptor: Encryptor, keyring: Keyring, page: PageFacts, signed: Submission, now: datetime) -> Draft:
    """Seal one signature: a copy for every receiving key, and the address for the mail. Raises SenderEnded."""
    action_ref = random(16)
    token = transient_seal.new_token() if page.double_opt_in else b""
    return Draft(
        action=_action(page, signed, action_ref, token, now),
        copies=_copies(encryptor, page, signed, action_ref, now),
        transient=_transient(keyring, signed.contact, token, now),
        now=now,
    )


def write(connection: AnyConnection, draft: Draft) -> None:
    """Write a sealed signature. Raises NoActiveKey when a key went away since the page was read.

    RowRefused means: this sender is spent, roll back and seal again with a new one.
    """
    if not signature_writer.write(connection, draft):
        raise NoActiveKey


def _copies(encryptor: Encryptor, page: PageFacts, signed: Submission, action_ref: bytes, now: datetime) -> list[Copy]:
    copies = []
    for share in privacy.shares(page.distribution, signed.consent):
        party = page.parties[share.receiver]
        contact_ref = random(16)
        context = Context(
            home=encryptor.home,
            action_ref=encode(action_ref),
            contact_ref=encode(contact_ref),
            campaign=page.campaign,
            page=page.name,
            org=party.name,
            opt_in=share.opt_in,
            deliver=share.deliver,
            consent=signed.wording,
            at=now,
        )
        for key in party.keys:
            sealed = encryptor.encrypt(key, signed.contact, context)
            copies.append(Copy(party.id, key.role, contact_ref, sealed, share.opt_in, share.deliver))
    return copies


def _action(page: PageFacts, signed: Submission, ref: bytes, token: bytes, now: datetime) -> dict[str, object]:
    custom = dumps({"comment": signed.comment}).decode() if signed.comment else "{}"
    return {
        "ref": ref,
        "action_page_id": page.id,
        "testing": signed.testing,
        "created_at": now,
        "confirm_id": transient_seal.link_id(token) if token else None,
        "consent": signed.wording,
        "area": signed.contact.country,
        "custom_fields": custom,
        **{f"utm_{name}": signed.utm.get(name, "") for name in ("source", "medium", "campaign", "content")},
    }


def _transient(keyring: Keyring, contact: ContactData, token: bytes, now: datetime) -> dict[str, object]:
    name, key = keyring.current_transient(now)
    waiting = Waiting(contact.email, contact.first_name, token)
    return {
        "state": State.TO_SEND if token else State.TO_ACCEPT,
        "wait_key": name,
        "wait_seal": transient_seal.seal_waiting(key, waiting),
        "link_seal": transient_seal.seal_under_link(token, waiting) if token else None,
        "sealed_at": now,
        "next_try": now,
        "created_at": now,
    }


def needs_throwaway(page: PageFacts) -> bool:
    """Whether an org marked high security may receive: then the whole submission has a sender of its own."""
    return any(page.parties[receiver].high_security for receiver in page.receivers)
