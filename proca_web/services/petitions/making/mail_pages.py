"""What mails to supporters say about a page, read at once; nothing about any of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PageMail
from proca_web.domain.pages.mail_words import MailWords
from proca_web.domain.pages.wording import LegalNotice
from proca_web.models import ActionPage
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making import mail_logos, mail_texts


@dataclass(frozen=True, slots=True)
class PageOfMail:
    """What a mail says about its page: texts, org, its sender name and addresses, legal notices.

    `words` are the org's own, where it wrote some; `people`, how many have signed, makes no difference.
    """

    name: str
    slug: str
    title: str
    addressee: str
    demand: str
    locale: str
    campaign: str
    campaign_name: str
    confirm_days: int
    double_opt_in: bool
    org: str
    org_name: str
    sender_name: str
    mail_from: str
    reply_to: str
    notices: tuple[LegalNotice, ...]
    next_step_label: str
    next_step_url: str
    words: Mapping[PageMail, MailWords]
    logo: bytes = field(default=b"", repr=False)
    people: int = field(default=0, compare=False)


def page_of(session: Session, page_id: int) -> PageOfMail:
    """What mails of that page say about it."""
    page = session.get_one(ActionPage, page_id)
    campaign, org = page.campaign, page.org
    return PageOfMail(
        name=page.name,
        slug=page.slug,
        title=page.title,
        addressee=page.addressee,
        demand=page.demand,
        locale=page.locale,
        campaign=campaign.title,
        campaign_name=campaign.name,
        confirm_days=campaign.confirm_days,
        double_opt_in=page.double_opt_in,
        org=org.title,
        org_name=org.name,
        sender_name=page.mail_name or org.mail_name or org.title,
        mail_from=org.mail_from,
        reply_to=page.mail_reply_to or org.reply_to,
        notices=tuple(wordings.notice_of(org) for org in wordings.orgs_of(page).values()),
        next_step_label=page.next_step_label,
        next_step_url=page.next_step_url,
        words=mail_texts.own_words(session, page_id),
        logo=mail_logos.png_of(session, org.id),
        people=max(1, campaign.supporter_count),  # whoever is thanked has signed, and is counted a moment later
    )
