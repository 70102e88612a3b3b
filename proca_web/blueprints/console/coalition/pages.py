"""The pages about a campaign's partners. They change nothing."""

from collections.abc import Mapping

from flask import Response, g, request
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.blueprints.console.coalition import bp
from proca_web.blueprints.console.coalition.forms import InvitationForm
from proca_web.domain.campaign_words import Terms
from proca_web.domain.errors import CampaignNotFound
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.domain.words import Publication
from proca_web.models import Campaign
from proca_web.services.petitions.making import places
from proca_web.services.petitions.making.coalition import approving, choices, inviting, partners, receivers, terms
from proca_web.services.petitions.making.coalition.partners import Part
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame


@bp.get("")
@needs(Right.CAMPAIGNS)
def index(org: str, campaign: str) -> Response:
    """Who takes part, who gets a copy, whom to invite."""
    return partners_page(campaign, InvitationForm())


@bp.get("/pages/<page>")
@needs(Right.CAMPAIGNS)
def look(org: str, campaign: str, page: str) -> Response:
    """What a partner's page says, and the button to approve it."""
    return look_page(campaign, page)


@bp.get("/<member>/end")
@needs(Right.CAMPAIGNS)
def ending(org: str, campaign: str, member: str) -> Response:
    """What the end of a part means, and the button."""
    with reading() as session:
        found = places.campaign_of(session, g.org.id, campaign)
        part = part_of(session, found, member)
        pages = part.pages
        signed = sum(partners.signed_on(session, pages).values())
        values = {"part": part, "signed": signed, "leads": found.org_id == g.org.id, "lead": found.lead.title}
        return campaign_frame.page("console/coalition/end.html", found, values)


def part_of(session: Session, campaign: Campaign, member: str) -> Part:
    """A partner that this org may end: any of those it leads, or itself. Raises CampaignNotFound."""
    ours = campaign.org_id == g.org.id or member == g.org.name
    found = [part for part in partners.of_campaign(session, campaign) if part.name == member and not part.leads]
    if not ours or not found or not found[0].takes_part:
        raise CampaignNotFound(member)
    return found[0]


def partners_page(
    name: str,
    form: InvitationForm,
    faults: Mapping[str, Message] | None = None,
    fault: Message | None = None,
    status: int = 200,
) -> Response:
    """The screen, with what was typed and why it does not pass."""
    with reading() as session:
        campaign = places.campaign_of(session, g.org.id, name)
        parts = partners.of_campaign(session, campaign)
        all_pages = [page for part in parts for page in part.pages]
        drafts = [page for page in all_pages if page.status == Publication.DRAFT]
        leads, own = campaign.org_id == g.org.id, [page for page in all_pages if page.org_id == g.org.id]
        signed = partners.signed_on(session, all_pages)
        values = {
            "parts": parts,
            "signed": signed,
            "there": sum(signed.get(page.id, 0) for page in all_pages if page.org_id != campaign.org_id),
            "approved": {page.id for page in drafts if approving.is_approved(session, page)},
            "leads": leads,
            "here": inviting.could_be_invited(session, campaign) if leads else (),
            "further": [
                (page, receivers.choices(session, page), [org.name for org in receivers.of_page(session, page)])
                for page in own
            ],
            **_terms(session, campaign, parts),
        }
        shown = {"form": form, "faults": faults or {}, "fault": fault, "done": request.args.get("done")}
        values |= {**shown, "now": clock.now()}
        return campaign_frame.page("console/coalition/index.html", campaign, values, status)


def look_page(name: str, page_name: str, fault: Message | None = None, status: int = 200) -> Response:
    """A partner's page as the lead sees it; an org sees its own so, too."""
    with reading() as session:
        campaign = places.campaign_of(session, g.org.id, name)
        page = places.page_of(session, g.org.id, campaign, page_name, looks=True)
        values = {
            "page": page,
            "seen": approving.mark(session, page),
            "is_approved": approving.is_approved(session, page),
            "may_approve": campaign.org_id == g.org.id != page.org_id,
            "chosen": choices.of_page(page),
            "further": receivers.of_page(session, page),
            "fault": fault,
        }
        return campaign_frame.page("console/coalition/look.html", campaign, values, status)


def _terms(session: Session, campaign: Campaign, parts: list[Part]) -> dict[str, object]:
    """Who gets a copy, as it is and as it shall be, with what each choice means."""
    waiting = terms.waits_for(session, campaign)
    others = [part.title for part in parts if not part.leads and part.takes_part]
    return {
        "terms": list(Terms),
        "ways": {each: choices.ways(each) for each in Terms},
        "chosen": choices.of_campaign(campaign),
        "asked": campaign.asked_terms,
        "waiting": [org.title for org in waiting],
        "waits_for_us": g.org.id in {org.id for org in waiting},
        "example": g.org.title if campaign.org_id != g.org.id else next(iter(others), ""),
        "lead": campaign.lead.title,
    }
