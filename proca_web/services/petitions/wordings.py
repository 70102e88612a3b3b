"""The wording a page shows: composed from its orgs and policy, kept word for word, replaced when any of it changes."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.pages import wording
from proca_web.domain.pages.privacy import Distribution, Receiver
from proca_web.domain.pages.wording import LegalNotice, Translate, Wording
from proca_web.models import ActionPage, ConsentText, Org
from proca_web.services.keys import recipients
from proca_web.services.sealing.vouching import Vouching


def notice_of(org: Org) -> LegalNotice:
    """What an org says about itself."""
    return LegalNotice(org.title, org.legal_name, org.legal_contact, org.privacy_url, org.retention)


def distribution_of(page: ActionPage) -> Distribution:
    """A page's coalition policy."""
    return Distribution(
        split=page.org_id != page.campaign.org_id,
        delivery=page.delivery,
        force_delivery=page.campaign.force_delivery,
        further=tuple(Receiver.further(each.org.name) for each in page.receivers),
    )


def orgs_of(page: ActionPage) -> dict[Receiver, Org]:
    """The orgs in their parts: the page's own, the campaign's lead where that is another, and further ones."""
    orgs = {Receiver.COLLECTOR: page.org}
    if page.org_id != page.campaign.org_id:
        orgs[Receiver.LEAD] = page.campaign.lead
    return orgs | {Receiver.further(each.org.name): each.org for each in page.receivers}


def compose(session: Session, page: ActionPage, translate: Translate, vouching: Vouching, now: datetime) -> Wording:
    """The wording as it should be now; optional orgs that cannot receive are left out."""
    policy, orgs = distribution_of(page), orgs_of(page)
    receives = {
        receiver: notice_of(org)
        for receiver, org in orgs.items()
        if receiver in policy.always() or recipients.can_receive(session, org, vouching, now)
    }
    always, asks = policy.always(), policy.asks()
    style, questions = page.consent_style, page.questions
    return wording.compose(page.title, receives, always, asks, translate, style=style, questions=questions)


def refresh(session: Session, page: ActionPage, translate: Translate, vouching: Vouching, now: datetime) -> bool:
    """Keep the page's wording current; True when a new one replaced the old."""
    wanted = compose(session, page, translate, vouching, now)
    shown = current(session, page.id)
    if shown is not None and shown.hash == wanted.hash and shown.locale == page.locale:
        return False
    if shown is not None:
        shown.valid_until = now
        session.flush()  # the old one ends before the new one begins: one current wording a page
    session.add(
        ConsentText(
            action_page_id=page.id,
            org_id=page.org_id,
            locale=page.locale,
            hash=wanted.hash,
            body=wanted.body,
            parts=wanted.dumps(),
            valid_from=now,
        )
    )
    return True


def current(session: Session, page_id: int) -> ConsentText | None:
    """The wording the page shows now."""
    where = (ConsentText.action_page_id == page_id, ConsentText.valid_until.is_(None))
    return session.scalars(select(ConsentText).where(*where)).first()


def body_of(session: Session, wording_hash: str) -> str | None:
    """A wording's text by its hash, as it was shown."""
    return session.scalars(select(ConsentText.body).where(ConsentText.hash == wording_hash)).first()
