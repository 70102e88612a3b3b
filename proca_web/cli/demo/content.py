"""What the demo shows: two orgs with their marks, a campaign they run together, and one that is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import NewsKind, PictureKind
from proca_web.domain.pages.pictures import Drawn
from proca_web.domain.people.contact import FIELDS
from proca_web.domain.words import CommentPolicy
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Elsewhere, News, Org
from proca_web.services.petitions import campaigns, orgs, pages
from proca_web.services.petitions.pages import PageSettings
from proca_web.services.petitions.showing import pictures

Drawings = Mapping[str, Sequence[Drawn]]


@dataclass(frozen=True, slots=True)
class DemoOrg:
    """An org of the demo, its colour and the drawing that is its logo."""

    name: str
    title: str
    color: str
    logo: str


LEAD = DemoOrg("org-one", "Org One", "#b3541e", "leaf")
PARTNER = DemoOrg("org-two", "Org Two", "#2d5f86", "houses")
_DAYS = 41  # until the petition closes
_TREES = PageSettings(
    title="Keep our street trees",
    demand="We ask the city council to protect every street tree and to plant two for each one that must go.",
    body=(
        "A grown tree cools its street by several degrees, drinks a storm’s rain and cleans the air of a whole block. "
        "**Last year our city felled 412 street trees and planted 96.** A sapling needs thirty years to do what a "
        "grown tree does today.\n\n"
        "## What we ask the council to decide\n\n"
        "1. No healthy street tree is felled for parking or building sites.\n"
        "2. Where a tree must go, **two are planted in the same street** within a year.\n"
        "3. Residents hear of a felling four weeks before, with the reason.\n\n"
        "> My mother planted the lime in front of our house. It is the only shade the bus stop has.\n\n"
        "Every name counts, and so does every friend you tell."
    ),
    comment=CommentPolicy.OFF,
    default_country="DE",
    next_step_label="Plant a tree with us on Saturday",
    next_step_url="https://org-one.example.org/saturday",
)
_PARTNER = replace(
    _TREES,
    title="Neighbours for street trees",
    fields=tuple(field for field in FIELDS if field != "birth_date"),
    comment=CommentPolicy.PUBLIC,
    next_step_label="Meet your neighbours",
    next_step_url="https://org-two.example.org/meet",
)
_RIVER = replace(
    _TREES,
    title="A path along the river for everybody",
    demand="We ask the city council to open the fenced bank of the river between the two bridges.",
    body=(
        "For forty years a fence has kept people from the river. Behind it lies nothing but grass.\n\n"
        "We ask for a path of two metres, flat enough for wheelchairs and prams, with benches in the shade."
    ),
    next_step_label="",
    next_step_url="",
)
_STREET = "Grown trees along a street of coloured houses; people walk and sit in their shade."
_BANK = "A river between green banks in the evening, with a small red sailing boat; two people stand on the bank."


def add_org(session: Session, org: DemoOrg, drawn: Drawings, now: datetime) -> Org:
    """An org with everything a page says about it."""
    added = orgs.add_org(session, org.name, org.title, now)
    added.legal_name = f"{org.title} (demo) e.V."
    added.legal_contact = f"Example Street 1, 10115 Berlin, privacy@{org.name}.example.org"
    added.privacy_url = f"https://{org.name}.example.org/privacy"
    added.retention = "We keep signatures for 12 months after the petition is handed over."
    added.reply_to = f"hello@{org.name}.example.org"
    added.color = org.color
    session.flush()
    pictures.store(session, added.id, PictureKind.LOGO, drawn[org.logo], now)
    return added


def add_petitions(session: Session, owners: Mapping[str, Org], drawn: Drawings, now: datetime) -> None:
    """The campaign of both orgs, open for some weeks, and one that had its answer."""
    trees = campaigns.add_campaign(session, "trees", "Street trees", owners[LEAD.name], now)
    last = (now + timedelta(days=_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    trees.closes_at = last + timedelta(days=1)
    for name, org, settings in (("trees", LEAD, _TREES), ("trees-partner", PARTNER, _PARTNER)):
        page = _add_page(session, name, trees, owners[org.name], settings, now)
        page.hero_id = pictures.store(session, page.org_id, PictureKind.HERO, drawn["street"], now).id
        page.addressee, page.hero_alt = "City council of Bergen", _STREET
        page.milestones = [
            {"number": 100, "text": "we meet the parks office"},
            {"number": 500, "text": "we ask the council for a public hearing"},
            {"day": (last + timedelta(days=7)).date().isoformat(), "text": "we hand over every signature, in person"},
        ]
        _tell(session, page, now - timedelta(days=2), "We counted every tree in the old town", _COUNTED)
    _add_river(session, owners[LEAD.name], drawn, now)


_COUNTED = (
    "Eleven of us walked 62 streets in two days. There are 1,904 trees, and 71 stumps where nobody has planted anew."
)


def _add_river(session: Session, org: Org, drawn: Drawings, now: datetime) -> None:
    river = campaigns.add_campaign(session, "river", "River bank", org, now)
    page = _add_page(session, "river", river, org, _RIVER, now)
    page.hero_id = pictures.store(session, org.id, PictureKind.HERO, drawn["river"], now).id
    page.addressee, page.hero_alt = "City council of Bergen", _BANK
    page.closed_text = (
        "We handed the lists over in the council hall. The path is built from spring on; come and see it."
    )
    handed_over = now - timedelta(days=40)
    session.add(
        Elsewhere(
            campaign_id=river.id, label="On paper, at the market", number=1284, day=handed_over.date(), created_at=now
        )
    )
    _tell(session, page, handed_over, "Handed over", "Org One brought 1,284 signatures to the mayor.")
    said = "41 of 67 members voted for the path. The fence comes down in March."
    _tell(session, page, now - timedelta(days=5), "The council said yes", said, NewsKind.OUTCOME)
    campaigns.close_campaign(river, now - timedelta(days=12))
    pages.close_page(page)


def _add_page(
    session: Session, name: str, campaign: Campaign, org: Org, settings: PageSettings, now: datetime
) -> ActionPage:
    page = pages.add_page(session, name, campaign, org, settings, now)
    pages.open_page(session, page, gettext, encryption.vouching, now)
    return page


def _tell(
    session: Session, page: ActionPage, when: datetime, title: str, body: str, kind: NewsKind = NewsKind.UPDATE
) -> None:
    session.add(News(page_id=page.id, kind=kind, title=title, body=body, published_at=when))
