"""A page and its campaign as their form holds them: one text for each place, as somebody would type it.

What is saved, kept while typing, compared and merged goes by these places; `checking` reads them back.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from proca_web.domain.people.contact import ALWAYS_REQUIRED, FIELDS
from proca_web.domain.rights import Right
from proca_web.domain.words import CommentPolicy, ConsentStyle
from proca_web.models import ActionPage, Campaign, Org, PageReceiver

MOST_MILESTONES = 5
CHANNELS = ("whatsapp", "other")
OFF, OPTIONAL, NEEDED = "off", "optional", "needed"
MOVES, FIXED = "moves", "fixed"
YES = "yes"
_CLOCK = "%Y-%m-%dT%H:%M"
_NUMBERS = range(1, MOST_MILESTONES + 1)

ASKED = tuple(f"ask_{field}" for field in FIELDS if field not in ALWAYS_REQUIRED)
PLAIN = (
    *("title", "addressee", "demand", "body", "hero_alt", "closed_text", "thanks_text"),
    *("next_step_label", "next_step_url"),
)
TEXTS = (*PLAIN, *(f"share_{name}" for name in CHANNELS), *(f"milestone_{n}_text" for n in _NUMBERS))
_TERMS = (
    *("locale", *ASKED, "default_country", "comment", "double_opt_in", "consent_style", "hero", "slug"),
    *(f"milestone_{n}_{what}" for n in _NUMBERS for what in ("number", "day")),
)
OF_CAMPAIGN = ("opens_at", "closes_at", "goal_kind", "goal", "confirm_days", "reminder")


def places(rights: Iterable[Right], questions: Iterable[str], *, leads: bool) -> tuple[str, ...]:
    """What somebody with these rights sees and may change; what belongs to the campaign only where they lead it."""
    texts = TEXTS if Right.TEXTS in set(rights) else ()
    if Right.CAMPAIGNS not in set(rights):
        return texts
    return (*texts, *_TERMS, *(f"question_{field}" for field in questions), *(OF_CAMPAIGN if leads else ()))


def questions_of(page: ActionPage, receivers: Iterable[PageReceiver] = ()) -> dict[str, str]:
    """Which orgs ask for consent on a page: the field of each and its title."""
    asking = {"opt_in": page.org.title}
    if page.org_id != page.campaign.org_id:
        asking["lead_opt_in"] = page.campaign.lead.title
    return asking | {f"opt_in_{receiver.org.name}": receiver.org.title for receiver in receivers}


def of_new(org: Org) -> dict[str, str]:
    """What a new campaign and its first page begin with."""
    empty = dict.fromkeys((*TEXTS, *_TERMS, *OF_CAMPAIGN, "question_opt_in"), "")
    asked = dict.fromkeys(ASKED, OFF) | {"ask_last_name": OPTIONAL, "ask_postcode": OPTIONAL, "ask_country": OPTIONAL}
    chosen = {"comment": CommentPolicy.OFF.value, "consent_style": ConsentStyle.CHOICE.value, "double_opt_in": YES}
    return empty | asked | chosen | {"locale": org.locale, "goal_kind": MOVES, "confirm_days": "14"}


def of_page(page: ActionPage, questions: Iterable[str]) -> dict[str, str]:
    """A page and its campaign as the form would show them."""
    zone = page.org.time_zone
    return {
        **{name: str(getattr(page, name)) for name in PLAIN},
        **{f"share_{name}": page.share_texts.get(name, "") for name in CHANNELS},
        **{f"ask_{field}": _asked(page, field) for field in FIELDS if field not in ALWAYS_REQUIRED},
        **{f"question_{field}": page.questions.get(field, "") for field in questions},
        **_milestones(page),
        **{name: getattr(page, name) for name in ("locale", "default_country", "comment", "consent_style", "slug")},
        "hero": str(page.hero_id or ""),
        "double_opt_in": YES if page.double_opt_in else "",
        **of_campaign(page.campaign, zone),
    }


def of_campaign(campaign: Campaign, zone: str) -> dict[str, str]:
    """The part of the form that all pages of a campaign share; hours as the clock of the org's zone shows them."""
    return {
        "opens_at": _hour(campaign.opens_at, zone),
        "closes_at": _hour(campaign.closes_at, zone),
        "goal_kind": FIXED if campaign.goal else MOVES,
        "goal": str(campaign.goal or ""),
        "confirm_days": str(campaign.confirm_days),
        "reminder": YES if campaign.reminder else "",
    }


def without_ends(typed: Mapping[str, str]) -> dict[str, str]:
    """As typed, but for what a browser adds: every line break is one, and nothing hangs over at the end."""
    return {place: text.replace("\r\n", "\n").replace("\r", "\n").strip() for place, text in typed.items()}


def _asked(page: ActionPage, field: str) -> str:
    if field not in page.fields:
        return OFF
    return NEEDED if field in page.required else OPTIONAL


def _milestones(page: ActionPage) -> dict[str, str]:
    shown: dict[str, str] = {}
    for n in _NUMBERS:
        milestone = page.milestones[n - 1] if n <= len(page.milestones) else {}
        shown |= {f"milestone_{n}_{what}": str(milestone.get(what) or "") for what in ("number", "day", "text")}
    return shown


def _hour(moment: datetime | None, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(_CLOCK) if moment else ""
