"""What an org says about itself, as its owners change it: each field judged by itself, each change in the record.

From which address an org's mails come is a promise of the domain's holder. Owners choose within the domain of this
site, or that of a mail server they have proven to hold; whoever runs the site may choose any.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, PictureKind
from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.domain.messages import LANGUAGES, N_, Message
from proca_web.domain.pages import colors, zones
from proca_web.domain.pages.pictures import Drawn
from proca_web.domain.people import mail_address, text
from proca_web.models import Org, OrgTransport
from proca_web.services.petitions import names, orgs
from proca_web.services.petitions.showing import pictures
from proca_web.services.staff import audit, members

# By what each is called in the record.
FIELDS = {
    "title": "name",
    "legal_name": "name in law",
    "legal_contact": "contact",
    "privacy_url": "privacy page",
    "retention": "how long it is kept",
    "mail_name": "sender’s name",
    "mail_from": "sender’s address",
    "reply_to": "answers go to",
    "color": "colour",
    "locale": "language",
    "time_zone": "time zone",
}
NO_TITLE = N_("Please write what your organisation is called.")
NO_LINK = N_("This is no web address. It begins with https://, like https://example.org/privacy.")
NO_ADDRESS_IN_NAME = N_("A sender’s name with an @ looks like somebody else’s mail. Please write the name alone.")
NO_LANGUAGE = N_("This site does not speak that language yet.")
NO_ZONE = N_("This is no time zone we know. Please choose one from the list, like Europe/Berlin.")
NEEDED = N_("People read this on your pages; it cannot be left empty any more.")
NOT_YOURS = N_(
    "Mails from this address would not arrive: it has to end in %(domains)s. For another one, test a mail server of "
    "your own below, or ask whoever runs this site."
)
OF_SOMEBODY_ELSE = N_("Another organisation sends from this address, or it is for whoever looks after the domain.")
# Addresses by which a domain itself is reached (RFC 2142), and by which holders of certificates are asked.
_OF_THE_DOMAIN = frozenset(
    ("admin", "administrator", "abuse", "hostmaster", "postmaster", "root", "security", "webmaster")
)
_LEGAL = ("legal_name", "legal_contact", "privacy_url", "retention")


def save(
    session: Session,
    org_id: int,
    given: Mapping[str, str],
    user_id: int | None,
    now: datetime,
    *,
    of_instance: str,
    may_send_from_any: bool = False,
    logo: Sequence[Drawn] | None = None,
    without_logo: bool = False,
) -> None:
    """Change what an org says about itself; `of_instance` is this site's From address. Raises FieldsRefused."""
    org = members.lock(session, org_id)
    read, faults = _read(org, given)
    if "mail_from" not in faults and not may_send_from_any:
        faults |= _sender_faults(session, org, read["mail_from"], of_instance)
    if faults:
        raise FieldsRefused(faults)
    changed = {name: value for name, value in read.items() if value != getattr(org, name)}
    if changed:
        before = {name: getattr(org, name) for name in changed}
        orgs.edit_org(org, changed)
        facts = {FIELDS[name]: [before[name], value] for name, value in changed.items()}
        audit.record(session, org.id, user_id, CampaignEvent.SETTINGS_CHANGED, {"changes": facts}, now)
    _change_logo(session, org, logo, without_logo, user_id, now)


def shown(org: Org) -> dict[str, str]:
    """What stands in the form at first."""
    return {name: getattr(org, name) for name in FIELDS}


def sending_domains(session: Session, org_id: int, of_instance: str) -> list[str]:
    """The domains that owners may send from: this site's, and that of a mail server of theirs that is in use."""
    own = select(OrgTransport.mail_from).where(OrgTransport.org_id == org_id, OrgTransport.in_use)
    return list(dict.fromkeys(_domain(address) for address in (of_instance, *session.scalars(own)) if address))


def _read(org: Org, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Message]]:
    read: dict[str, str] = {}
    faults: dict[str, Message] = {}
    was_complete = all(getattr(org, name) for name in _LEGAL)
    for name, reads in _READ.items():
        try:
            read[name] = reads(given.get(name, getattr(org, name)))
            if was_complete and name in _LEGAL and not read[name]:
                faults[name] = Message(NEEDED)
        except text.Refused as refusal:
            faults[name] = refusal.message
    return read, faults


def _sender_faults(session: Session, org: Org, address: str, of_instance: str) -> dict[str, Message]:
    if address in ("", org.mail_from, of_instance):
        return {}
    domains = sending_domains(session, org.id, of_instance)
    if _domain(address) not in domains:
        return {"mail_from": Message(NOT_YOURS, {"domains": ", ".join(f"@{domain}" for domain in domains)})}
    of_another = select(exists().where(Org.mail_from == address, Org.id != org.id))
    if address.partition("@")[0].lower() in _OF_THE_DOMAIN or session.scalar(of_another):
        return {"mail_from": Message(OF_SOMEBODY_ELSE)}
    return {}


def _change_logo(
    session: Session, org: Org, logo: Sequence[Drawn] | None, without: bool, user_id: int | None, now: datetime
) -> None:
    if logo is not None:
        pictures.store(session, org.id, PictureKind.LOGO, logo, now)
    elif not (without and pictures.remove_logo(session, org.id)):
        return
    audit.record(session, org.id, user_id, CampaignEvent.PICTURE_CHANGED, {}, now)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _title(typed: str) -> str:
    title = text.clean(typed, longest=60)
    if not title:
        raise text.Refused(NO_TITLE)
    return title


def _contact(typed: str) -> str:
    lines = text.clean(typed, longest=300, lines=True).split("\n")
    return ", ".join(line.rstrip(",") for line in lines if line)


def _link(typed: str) -> str:
    link = typed.strip()
    try:
        names.check_link(link)
    except BadSetting as error:
        raise text.Refused(NO_LINK) from error
    return text.clean(link, longest=500)


def _sender_name(typed: str) -> str:
    name = text.clean(typed, longest=60)
    if "@" in mail_address.ascii_forms(name):
        raise text.Refused(NO_ADDRESS_IN_NAME)
    return name


def _color(typed: str) -> str:
    try:
        color = colors.parse(typed)
    except ValueError as error:
        raise text.Refused(colors.BAD) from error
    return "" if color == colors.OF_SITE else color  # what a field for colours shows where none was chosen


def _language(typed: str) -> str:
    if typed not in LANGUAGES:
        raise text.Refused(NO_LANGUAGE)
    return typed


def _zone(typed: str) -> str:
    zone = zones.find(typed)
    if zone is None:
        raise text.Refused(NO_ZONE)
    return zone


_READ: Mapping[str, Callable[[str], str]] = {
    "title": _title,
    "legal_name": lambda typed: text.clean(typed, longest=120),
    "legal_contact": _contact,
    "privacy_url": _link,
    "retention": lambda typed: text.clean(typed, longest=300),
    "mail_name": _sender_name,
    "mail_from": text.email,
    "reply_to": text.email,
    "color": _color,
    "locale": _language,
    "time_zone": _zone,
}
