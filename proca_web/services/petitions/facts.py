"""What a page is at this moment, in one query: its policy, its orgs and their active keys. Reads only."""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from proca_web.crypto.keys.keys import RecipientKey
from proca_web.domain import key_life
from proca_web.domain.errors import NoActiveKey, PageNotFound
from proca_web.domain.pages import stops
from proca_web.domain.pages.privacy import FURTHER_FIELD, Distribution, Receiver
from proca_web.domain.pages.stops import Stop
from proca_web.domain.people.contact import FieldPolicy
from proca_web.domain.words import KeyRole
from proca_web.services import driver
from proca_web.services.driver import AnyConnection
from proca_web.services.keys import recipients
from proca_web.services.sealing.vouching import Vouching


@dataclass(frozen=True, slots=True)
class Party:
    """An org in its part on a page, with the keys it can receive under (its own and, if any, a recovery key)."""

    id: int
    name: str
    title: str
    high_security: bool
    mail_from: str
    keys: tuple[RecipientKey, ...]


@dataclass(frozen=True)
class PageFacts:
    """A page with its campaign and parties, as read from the database just now."""

    id: int
    name: str
    slug: str
    title: str
    demand: str
    locale: str
    plan: tuple[Stop, ...]
    double_opt_in: bool
    reminds: bool
    campaign_id: int
    campaign: str
    policy: FieldPolicy
    distribution: Distribution
    parties: Mapping[Receiver, Party]
    wording: str
    default_country: str
    consent_style: str
    senders_asked: Hashable

    @property
    def collector(self) -> Party:
        """The org that collects here, in whose name mails are sent."""
        return self.parties[Receiver.COLLECTOR]

    @cached_property
    def receivers(self) -> tuple[Receiver, ...]:
        """Who can get a copy at all: those who always do, and optional ones that have a key."""
        always = self.distribution.always()
        optional = (receiver for receiver in self.distribution.by_consent() if self.parties[receiver].keys)
        return (*always, *optional)

    @cached_property
    def asks(self) -> tuple[Receiver, ...]:
        """Whose consent question the form shows: an optional org without a key has none."""
        return tuple(receiver for receiver in self.distribution.asks() if receiver in self.receivers)

    def is_out_of_date(self, form: Mapping[str, str], wording: str) -> bool:
        """Whether a form speaks to an org that cannot receive now, or did under an earlier wording and is gone."""
        asked = {receiver.field for receiver in self.asks}
        fields = {receiver.field for receiver in self.distribution.asks()}
        if wording != self.wording:
            fields |= {name for name in form if name.startswith(FURTHER_FIELD)}
        return any(form.get(name) for name in fields - asked)

    @cached_property
    def lacking_key(self) -> tuple[str, ...]:
        """Orgs that always receive and have no active key: while there is one, the page takes no signatures."""
        always = (self.parties[receiver] for receiver in self.distribution.always())
        return tuple(party.name for party in always if not any(key.role == KeyRole.RECIPIENT for key in party.keys))

    @property
    def is_open(self) -> bool:
        """Whether nobody planned to stop it at this moment."""
        return not self.plan

    @property
    def is_draft(self) -> bool:
        """Whether it was never published."""
        return Stop.DRAFT in self.plan

    @property
    def takes_signatures(self) -> bool:
        """Whether the form is shown, unless mail is late."""
        return not self.stops(lambda _: False)

    def stops(self, mail_is_stalled: Callable[[str], bool]) -> tuple[Stop, ...]:
        """All that stops it, the weightiest first. `mail_is_stalled`: whether the mails of an org are."""
        is_late = self.double_opt_in and self.is_open and mail_is_stalled(self.collector.name)
        return stops.stops(self.plan, can_receive=not self.lacking_key, mail_is_late=is_late)

    def require_keys(self) -> None:
        """Raise NoActiveKey when an org that always receives cannot."""
        if self.lacking_key:
            raise NoActiveKey(self.lacking_key[0])


_PARTIES = ("o", "l", "f1", "f2")  # collector, lead, further ones
_ORGS = ", ".join(f"{org}.{name}" for org in _PARTIES for name in ("id", "name", "title", "high_security", "mail_from"))
_FACTS = f"""
SELECT k.org_id, k.id, k.public, k.role, k.fingerprint, k.log_index, k.endorsement,
       {_ORGS},
       p.id, p.name, p.slug, p.title, p.demand, p.locale, p.status, c.status,
       p.double_opt_in, p.delivery, c.force_delivery,
       CAST(p.fields AS TEXT), CAST(p.required AS TEXT), p.comment, p.consent_style, p.default_country, c.id, c.name,
       w.hash, (SELECT senders_end_at FROM instance), c.reminder, c.opens_at > ?, c.closes_at <= ?
  FROM action_pages p
  JOIN campaigns c ON c.id = p.campaign_id
  JOIN orgs o ON o.id = p.org_id
  JOIN orgs l ON l.id = c.org_id
  LEFT JOIN page_receivers r1 ON r1.page_id = p.id AND r1.position = 1
  LEFT JOIN orgs f1 ON f1.id = r1.org_id
  LEFT JOIN page_receivers r2 ON r2.page_id = p.id AND r2.position = 2
  LEFT JOIN orgs f2 ON f2.id = r2.org_id
  LEFT JOIN consent_texts w ON w.action_page_id = p.id AND w.valid_until IS NULL
  LEFT JOIN public_keys k ON k.org_id IN (p.org_id, c.org_id, f1.id, f2.id) AND {recipients.MAY_BE_SEALED_TO}
 WHERE p.slug = ?
 ORDER BY k.role DESC
"""
_REPLACED = "SELECT 1 FROM consent_texts WHERE action_page_id = ? AND hash = ? AND valid_until > ?"
_KEY, _PAGE = slice(0, 7), slice(27, None)
_EACH_ORG = [slice(start, start + 5) for start in range(7, 27, 5)]


def read(connection: AnyConnection, slug: str, vouching: Vouching, now: datetime) -> PageFacts:
    """The page at that address, read now, with those keys of its parties that are vouched for. Raises PageNotFound."""
    moment, seals_until = driver.times(connection, (now, key_life.seals_if_expires_after(now)))
    rows = driver.execute(connection, _FACTS, (moment, moment, seals_until, slug)).fetchall()
    if not rows:
        raise PageNotFound(slug)
    return _facts_of(tuple(rows), vouching)


@lru_cache(maxsize=256)
def _facts_of(rows: tuple[tuple[Any, ...], ...], vouching: Vouching) -> PageFacts:
    """What the rows say. They are read anew each time; only the same rows under the same eyes make the same facts."""
    (id_, name, slug, title, demand, locale, page_status, campaign_status, double_opt_in, *rest) = rows[0][_PAGE]
    (delivery, force_delivery, fields, required, comment, style, country, *rest) = rest
    (campaign_id, campaign, wording, asked, reminder, is_early, is_over) = rest
    keys = [row[_KEY] for row in rows if row[0] is not None]
    collector, lead, *more = (_party(rows[0][org], keys, vouching) for org in _EACH_ORG if rows[0][org][0] is not None)
    further = {Receiver.further(party.name): party for party in more}
    return PageFacts(
        id=id_,
        name=name,
        slug=slug,
        title=title,
        demand=demand,
        locale=locale,
        plan=stops.plan((page_status, campaign_status), is_early=bool(is_early), is_over=bool(is_over)),
        double_opt_in=bool(double_opt_in),
        reminds=bool(double_opt_in and reminder) and not any(party.high_security for party in (collector, lead, *more)),
        campaign_id=campaign_id,
        campaign=campaign,
        policy=FieldPolicy(tuple(json.loads(fields)), frozenset(json.loads(required)), comment),
        distribution=Distribution(
            split=collector.id != lead.id,
            delivery=bool(delivery),
            force_delivery=bool(force_delivery),
            further=tuple(further),
        ),
        parties={Receiver.COLLECTOR: collector, Receiver.LEAD: lead, **further},
        wording=wording or "",
        default_country=country,
        consent_style=style,
        senders_asked=asked,
    )


def was_replaced_since(connection: AnyConnection, page_id: int, wording: str, since: datetime) -> bool:
    """Whether the page still showed this wording at some moment after `since`."""
    values = (page_id, wording, driver.time(connection, since))
    return driver.execute(connection, _REPLACED, values).fetchone() is not None


def _party(row: Sequence[Any], keys: Sequence[Sequence[Any]], vouching: Vouching) -> Party:
    id_, name, title, high_security, mail_from = row
    own = tuple(
        RecipientKey(key_id, bytes(public), role, fingerprint)
        for org_id, key_id, public, role, fingerprint, log_index, endorsement in keys
        if org_id == id_ and vouching.accepts(name, role, bytes(public), log_index, endorsement and bytes(endorsement))
    )
    return Party(id_, name, title, bool(high_security), mail_from, own)
