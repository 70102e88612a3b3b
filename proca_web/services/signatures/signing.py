"""How a signature enters: seal one copy per receiving org, then write everything in one transaction.

Seal before store: no path here keeps a contact in clear, and without the keys of those who always receive there is
no signature at all. No mail, DNS or HTTP call happens here.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from nacl.utils import random

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.sealing import Sealed
from proca_web.crypto.boxes.transient_seal import Carries, Waiting
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.domain.errors import FieldsRefused, NoActiveKey, PageNotOpen, WordingChanged
from proca_web.domain.messages import Message
from proca_web.domain.pages import privacy
from proca_web.domain.pages.privacy import Consent, Share
from proca_web.domain.pages.tracking import Arrival
from proca_web.domain.people import contact, mistyped, public_comment
from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows.plaintext import Context, dumps
from proca_web.domain.transient import State
from proca_web.domain.words import KeyRole
from proca_web.services.driver import AnyConnection
from proca_web.services.petitions import facts
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.signatures import writer
from proca_web.services.signatures.confirming import Waits
from proca_web.services.signatures.writer import ActionRow, CopyRow, Draft, TransientRow

T = TypeVar("T")
WORDING_GRACE = timedelta(hours=24)


class Encryptor(Protocol):
    """What seals this submission: the encryption extension's submission."""

    @property
    def home(self) -> str: ...

    def encrypt(self, key: RecipientKey, contact: ContactData, context: Context) -> Sealed: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """One accepted form: who signs, with which consents, and the action's metadata."""

    contact: ContactData = field(repr=False)
    consent: Consent
    comment: Mapping[str, str] = field(repr=False)
    arrival: Arrival
    wording: str


def read(
    connection: AnyConnection, page: PageFacts, form: Mapping[str, str], arrival: Arrival, now: datetime
) -> Submission:
    """The form as a submission to this page.

    Raises PageNotOpen and NoActiveKey, which no correction of fields can mend; FieldsRefused with the faults of all
    fields at once, WordingChanged among them; AddressDoubted.
    """
    wording = _wording(connection, page, form, now)
    faults: dict[str, Message] = {}
    person = _collect(faults, lambda: contact.parse(form, page.policy, now.date()))
    consent = _collect(faults, lambda: privacy.read_consent(form, page.asks))
    if person is None or consent is None:
        raise FieldsRefused(faults)
    data, comment = person
    address = mistyped.settle(data.email, kept=form.get("email_kept", ""), fix=form.get("email_fix", ""))
    told = public_comment.metadata(form, comment, data.first_name)
    return Submission(replace(data, email=address), consent, told, arrival, wording)


def _wording(connection: AnyConnection, page: PageFacts, form: Mapping[str, str], now: datetime) -> str:
    """The hash of the wording the supporter saw; one that was replaced is good for a day."""
    if page.plan:
        raise PageNotOpen(page.plan[0])
    page.require_keys()
    shown = form.get("wording") or page.wording
    if page.is_out_of_date(form, shown):
        raise WordingChanged
    if shown != page.wording and not facts.was_replaced_since(connection, page.id, shown, now - WORDING_GRACE):
        raise WordingChanged
    return shown


def _collect(faults: dict[str, Message], read_part: Callable[[], T]) -> T | None:
    try:
        return read_part()
    except FieldsRefused as refused:
        faults.update(refused.faults)
        return None


def seal(
    encryptor: Encryptor,
    waits: Waits,
    page: PageFacts,
    signed: Submission,
    now: datetime,
    transports: Container[str] = (),
) -> Draft:
    """Seal one signature: a copy for every receiving key, and the address for the mail.

    `transports`: the orgs whose mails leave by a mail server of their own. Raises SenderEnded; NoWorkerKey when nobody
    could open the address again.
    """
    action_ref, check = random(16), transient_seal.new_check()
    token = transient_seal.new_token()
    return Draft(
        action=_action(page, signed, action_ref, token, now),
        copies=_copies(encryptor, page, signed, action_ref, check, now),
        transient=_transient(waits, page, _waiting(page, signed.contact, token, check), now, transports),
    )


def write(connection: AnyConnection, draft: Draft) -> None:
    """Write a sealed signature. Raises NoActiveKey when a key went away since the page was read.

    RowRefused means: this sender is spent, roll back and seal again with a new one.
    """
    if not writer.write(connection, draft):
        raise NoActiveKey


def _copies(
    encryptor: Encryptor, page: PageFacts, signed: Submission, action_ref: bytes, check: bytes, now: datetime
) -> list[CopyRow]:
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
            check=encode(check),
        )
        for key in party.keys:
            sealed = encryptor.encrypt(key, signed.contact, context)
            copies.append(_copy(party.id, KeyRole(key.role), contact_ref, sealed, share, now))
    return copies


def _copy(org_id: int, role: KeyRole, ref: bytes, sealed: Sealed, share: Share, now: datetime) -> CopyRow:
    return CopyRow(
        org_id=org_id,
        role=role,
        contact_ref=ref,
        payload=sealed.payload,
        crypto_nonce=sealed.nonce,
        public_key_id=sealed.public_key_id,
        sign_key_id=sealed.sign_key_id,
        opt_in=share.opt_in,
        deliver=share.deliver,
        given_at=now,
    )


def _action(page: PageFacts, signed: Submission, ref: bytes, token: bytes, now: datetime) -> ActionRow:
    utm = signed.arrival.utm
    return ActionRow(
        ref=ref,
        action_page_id=page.id,
        testing=signed.arrival.testing,
        created_at=now,
        confirm_id=transient_seal.link_id(token) if page.double_opt_in else None,
        withdraw_id=transient_seal.withdraw_id(_withdraw(page, token)),
        consent=signed.wording,
        area=signed.contact.country,
        custom_fields=dumps(dict(signed.comment)).decode() if signed.comment else "{}",
        utm_source=utm["source"],
        utm_medium=utm["medium"],
        utm_campaign=utm["campaign"],
        utm_content=utm["content"],
    )


def _waiting(page: PageFacts, person: ContactData, token: bytes, check: bytes) -> Waiting:
    carries = Carries.CONFIRM if page.double_opt_in else Carries.WITHDRAW
    return Waiting(person.email, person.first_name, token, check, carries)


def _transient(
    waits: Waits, page: PageFacts, waiting: Waiting, now: datetime, transports: Container[str]
) -> TransientRow:
    sealed = waits.seal(waiting, throwaway=needs_throwaway(page))
    return TransientRow(
        state=State.TO_SEND if page.double_opt_in else State.TO_ACCEPT,
        transport=page.collector.name if page.collector.name in transports else "",
        wait_key=sealed.key,
        wait_seal=sealed.seal,
        link_seal=transient_seal.seal_under_link(waiting.token, waiting) if page.double_opt_in else None,
        sealed_at=now,
        next_try=now,
        created_at=now,
    )


def _withdraw(page: PageFacts, token: bytes) -> bytes:
    """The withdraw link's token: made of the confirm link's, and without such a link the random one itself."""
    return transient_seal.withdraw_token(token) if page.double_opt_in else token


def needs_throwaway(page: PageFacts) -> bool:
    """Whether an org marked high security may receive: then the whole submission has a sender of its own."""
    return any(page.parties[receiver].high_security for receiver in page.receivers)
