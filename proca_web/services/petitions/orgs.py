"""Orgs: making one, what it says about itself, and the Home Org, which sends all personal data and receives none."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.errors import BadSetting, HomeCannotReceive, NameTaken
from proca_web.domain.messages import LANGUAGES
from proca_web.domain.pages import colors, zones
from proca_web.domain.people import text
from proca_web.models import Org
from proca_web.services.keys import home as home_keys
from proca_web.services.keys import log as key_log
from proca_web.services.petitions import names

HOME = "home"
_LEGAL = ("legal_name", "legal_contact", "privacy_url", "retention")
_OF_MAIL = ("reply_to", "mail_name", "mail_from")
_LOOK = ("color", "locale", "time_zone")


def add_home(session: Session, home: HomeKey, now: datetime) -> Org:
    """The Home Org with the public halves of its key; the key log begins with it."""
    org = Org(name=HOME, title="Home", is_home=True, created_at=now)
    session.add(org)
    session.flush()  # the key row needs the org's id
    session.add(home_keys.row_of(home, org.id, now))
    key_log.begin(session, home, now)
    return org


def add_org(session: Session, name: str, title: str, now: datetime) -> Org:
    """A new org, which has no key yet. Raises NameTaken, BadSetting."""
    names.check_name(name)
    names.check_title("the title of an org", title)
    if session.scalars(select(Org.id).where(Org.name == name)).first() is not None:
        raise NameTaken(f"there is an org {name} already")
    org = Org(name=name, title=title, created_at=now)
    session.add(org)
    session.flush()  # its keys and pages need its id
    return org


def refuse_home(org: Org) -> None:
    """Raise HomeCannotReceive for the Home Org: who owns a campaign or a page receives, and it must not."""
    if org.is_home:
        raise HomeCannotReceive("the Home Org owns no campaign and no page")


def set_notice(
    org: Org,
    *,
    legal_name: str = "",
    legal_contact: str = "",
    privacy_url: str = "",
    retention: str = "",
    reply_to: str = "",
    mail_name: str = "",
    mail_from: str = "",
) -> None:
    """What an org says about itself on its pages and mails. Raises BadSetting for a link or address of another kind.

    `mail_from` is the operator's to give: the instance's mail server sends in its name.
    """
    names.check_link(privacy_url)
    lines = (("legal name", legal_name), ("legal contact", legal_contact), ("retention", retention))
    for what, said in (*lines, ("sender name", mail_name)):
        names.check_line(f"the {what} of an org", said)
    if "@" in mail_name:
        raise BadSetting("the sender name of an org is no address: a name with one looks like somebody else's mail")
    org.reply_to, org.mail_from, org.mail_name = _address(reply_to), _address(mail_from), mail_name.strip()
    org.legal_name, org.legal_contact = legal_name, legal_contact
    org.privacy_url, org.retention = privacy_url, retention


def set_look(org: Org, *, color: str = "", locale: str = "en", time_zone: str = zones.UTC) -> None:
    """Its colour, the language its new pages start in, and of where its hours are. Raises BadSetting."""
    try:
        org.color = colors.parse(color)
    except ValueError as error:
        raise BadSetting(f"{color!r} is no colour; write it like #0b6e4f") from error
    if locale not in LANGUAGES:
        raise BadSetting(f"no language {locale!r} here: choose from {', '.join(LANGUAGES)}")
    zone = zones.find(time_zone)
    if zone is None:
        raise BadSetting(f"{time_zone!r} is no time zone; write it like Europe/Berlin")
    org.locale, org.time_zone = locale, zone


def _address(typed: str) -> str:
    try:
        return text.email(typed)
    except text.Refused as refusal:
        raise BadSetting(f"{typed!r} is no mail address") from refusal


def edit_org(org: Org, changes: Mapping[str, object]) -> None:
    """Change what an org says about itself. Raises BadSetting; a legal notice that was complete stays so."""
    before = all(getattr(org, name) for name in _LEGAL)
    if "title" in changes:
        names.check_title("the title of an org", str(changes["title"]))
        org.title = str(changes["title"])
    if "high_security" in changes:
        org.high_security = bool(changes["high_security"])
    set_notice(org, **{name: str(changes.get(name, getattr(org, name))) for name in (*_LEGAL, *_OF_MAIL)})
    set_look(org, **{name: str(changes.get(name, getattr(org, name))) for name in _LOOK})
    if before and not all(getattr(org, name) for name in _LEGAL):
        raise BadSetting("a legal notice needs its legal name, contact, privacy link and retention sentence")
