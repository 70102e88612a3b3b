"""What the demo shows: two orgs with their marks, a campaign they run together in two languages, and one over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import force_locale, gettext
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
_BAEUME = replace(
    _TREES,
    locale="de",
    title="Unsere Straßenbäume bleiben",
    demand=(
        "Wir fordern den Stadtrat auf, jeden Straßenbaum zu schützen und für jeden, der fallen muss, zwei neue zu "
        "pflanzen."
    ),
    body=(
        "Ein großer Baum kühlt seine Straße um mehrere Grad, trinkt den Regen eines Gewitters und reinigt die Luft "
        "eines ganzen Häuserblocks. **Letztes Jahr hat unsere Stadt 412 Straßenbäume gefällt und 96 gepflanzt.** Ein "
        "junger Baum braucht dreißig Jahre, bis er leistet, was ein großer heute leistet.\n\n"
        "## Was der Stadtrat beschließen soll\n\n"
        "1. Kein gesunder Straßenbaum fällt für Parkplätze oder Baustellen.\n"
        "2. Wo ein Baum weichen muss, werden innerhalb eines Jahres **zwei in derselben Straße gepflanzt**.\n"
        "3. Wer dort wohnt, erfährt vier Wochen vorher von einer Fällung und ihrem Grund.\n\n"
        "> Die Linde vor unserem Haus hat meine Mutter gepflanzt. Sie gibt der Bushaltestelle ihren einzigen "
        "Schatten.\n\n"
        "Jeder Name zählt, und alle, denen Sie davon erzählen."
    ),
    next_step_label="Pflanzen Sie am Samstag mit uns einen Baum",
    next_step_url="https://org-one.example.org/samstag",
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


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands around a page of the trees, in its language."""

    addressee: str
    street: str
    milestones: Sequence[str]
    counted: tuple[str, str]


_ENGLISH = _Words(
    "City council of Bergen",
    _STREET,
    (
        "we meet the parks office",
        "we ask the council for a public hearing",
        "we hand over every signature, in person",
    ),
    (
        "We counted every tree in the old town",
        "Eleven of us walked 62 streets in two days. "
        "There are 1,904 trees, and 71 stumps where nobody has planted anew.",
    ),
)
_GERMAN = _Words(
    "Stadtrat von Bergen",
    "Große Bäume an einer Straße mit bunten Häusern; Menschen gehen und sitzen in ihrem Schatten.",
    (
        "treffen wir das Grünflächenamt",
        "fordern wir vom Stadtrat eine öffentliche Anhörung",
        "übergeben wir alle Unterschriften, persönlich",
    ),
    (
        "Wir haben jeden Baum der Altstadt gezählt",
        "Zu elft sind wir in zwei Tagen 62 Straßen abgelaufen. "
        "Dort stehen 1.904 Bäume, und 71 Stümpfe, wo niemand nachgepflanzt hat.",
    ),
)


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
    for name, org, settings, words in (
        ("trees", LEAD, _TREES, _ENGLISH),
        ("trees-partner", PARTNER, _PARTNER, _ENGLISH),
        ("baeume", LEAD, _BAEUME, _GERMAN),
    ):
        page = _add_page(session, name, trees, owners[org.name], settings, now)
        page.hero_id = pictures.store(session, page.org_id, PictureKind.HERO, drawn["street"], now).id
        page.addressee, page.hero_alt = words.addressee, words.street
        when: Sequence[dict[str, int | str]] = (
            {"number": 100},
            {"number": 500},
            {"day": (last + timedelta(days=7)).date().isoformat()},
        )
        page.milestones = [{**each, "text": text} for each, text in zip(when, words.milestones, strict=True)]
        _tell(session, page, now - timedelta(days=2), *words.counted)
    _add_river(session, owners[LEAD.name], drawn, now)


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
    with force_locale(settings.locale):
        pages.open_page(session, page, gettext, encryption.vouching, now)
    return page


def _tell(
    session: Session, page: ActionPage, when: datetime, title: str, body: str, kind: NewsKind = NewsKind.UPDATE
) -> None:
    session.add(News(page_id=page.id, kind=kind, title=title, body=body, published_at=when))
