"""The address of a page, `/p/<slug>`: it may change, and each earlier one leads to it for good.

Never the name: that stays in copies, exports and addresses of the console.
"""

import re
import unicodedata
from datetime import datetime
from itertools import count

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import NameTaken
from proca_web.models import ActionPage, PageSlug
from proca_web.services.petitions import names
from proca_web.services.staff import audit

LONGEST = 64
_WITHOUT_TITLE = "petition"
_NO_WORD = re.compile(r"[^a-z0-9]+")
# What Unicode does not take apart by itself; after it, accents are left out.
_SPELLED = str.maketrans(
    {
        **{"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th"},
        **{"ł": "l", "ı": "i", "ħ": "h", "ŋ": "ng", "'": "", "’": "", "·": ""},
        **dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True)),
        **{"ς": "s", "θ": "th", "χ": "ch", "ψ": "ps"},
        **dict(zip("абвгдезийклмнопрстуфыэіў", "abvgdezijklmnoprstufyeiu", strict=True)),
        **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"},
        **{"ё": "yo", "є": "ye", "ї": "yi", "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "dj", "џ": "dz"},
    }
)


def suggest(session: Session, title: str) -> str:
    """A free address made of a title: its words in small Latin letters, as many as have room."""
    words = spelled(title)
    for number in count(1):
        tail = "" if number == 1 else f"-{number}"
        slug = f"{words[: LONGEST - len(tail)].rstrip('-')}{tail}"
        if is_free(session, slug):
            return slug
    raise AssertionError("there is always another number")


def spelled(title: str) -> str:
    """A title as an address would spell it."""
    composed = unicodedata.normalize("NFC", title).casefold().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", composed).translate(_SPELLED).encode("ascii", "ignore").decode()
    slug = _NO_WORD.sub("-", plain).strip("-")
    if len(slug) > LONGEST:
        slug = slug[: LONGEST + 1].rpartition("-")[0] or slug[:LONGEST]
    return slug or _WITHOUT_TITLE


def is_free(session: Session, slug: str, page: ActionPage | None = None) -> bool:
    """Whether no other page has, had or is named by this address."""
    own = page.id if page is not None else 0
    now = select(ActionPage.id).where(or_(ActionPage.slug == slug, ActionPage.name == slug), ActionPage.id != own)
    before = select(PageSlug.page_id).where(PageSlug.slug == slug, PageSlug.page_id != own)
    return session.scalars(now.limit(1)).first() is None and session.scalars(before).first() is None


def change(session: Session, page: ActionPage, slug: str, user_id: int | None, now: datetime) -> None:
    """Another address for a page; the one before leads to it. Raises BadSetting, NameTaken."""
    names.check_name(slug)
    if slug == page.slug:
        return
    if not is_free(session, slug, page):
        raise NameTaken(f"another page has, or had, the address {slug}")
    again = session.get(PageSlug, slug)
    if again is not None:
        session.delete(again)
    before, page.slug = page.slug, slug
    session.add(PageSlug(slug=before, page_id=page.id, created_at=now))
    try:
        session.flush()
    except IntegrityError as error:  # somebody else took it meanwhile
        raise NameTaken(f"another page has the address {slug}") from error
    facts = {"page": page.name, "changes": {"slug": [before, slug]}}
    audit.record(session, page.org_id, user_id, CampaignEvent.ADDRESS_CHANGED, facts, now)


def now_at(session: Session, slug: str) -> str | None:
    """The address of the page that had this one; None: no page had it."""
    query = select(ActionPage.slug).join(PageSlug, PageSlug.page_id == ActionPage.id).where(PageSlug.slug == slug)
    return session.scalars(query).first()
