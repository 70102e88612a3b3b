"""What a page is at this moment, in one query: its policy, its orgs and their active keys. Reads only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from proca_web.crypto.keys import RecipientKey
from proca_web.domain.contact import FieldPolicy
from proca_web.domain.errors import NoActiveKey, PageNotFound
from proca_web.domain.privacy import CONSENT_FIELDS, Distribution, Receiver
from proca_web.models.base import statement


@dataclass(frozen=True, slots=True)
class Party:
    """An org in its part on a page, with the keys it can receive under (its own and, if any, a recovery key)."""

    id: int
    name: str
    title: str
    high_security: bool
    keys: tuple[RecipientKey, ...]


@dataclass(frozen=True)
class PageFacts:
    """A page with its campaign and parties, as read from the database just now."""

    id: int
    name: str
    title: str
    demand: str
    locale: str
    is_open: bool
    is_draft: bool
    double_opt_in: bool
    campaign_id: int
    campaign: str
    policy: FieldPolicy
    distribution: Distribution
    parties: Mapping[Receiver, Party]
    wording: str
    default_country: str
    consent_style: str

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

    @property
    def unasked_fields(self) -> tuple[str, ...]:
        """Consent fields of orgs that cannot receive now; a form that names one is out of date."""
        return tuple(CONSENT_FIELDS[receiver] for receiver in self.distribution.asks() if receiver not in self.asks)

    def require_keys(self) -> None:
        """Raise NoActiveKey when an org that always receives cannot."""
        for receiver in self.distribution.always():
            if not any(key.role == "recipient" for key in self.parties[receiver].keys):
                raise NoActiveKey(self.parties[receiver].name)


_FACTS = statement("""
SELECT p.id, p.name, p.title, p.demand, p.locale, p.status AS page_status, c.status AS campaign_status,
       p.double_opt_in, p.delivery, c.force_delivery, p.fields, p.required, p.comment, p.consent_style,
       p.default_country, c.id AS campaign_id, c.name AS campaign, w.hash AS wording,
       o.id AS org_id, o.name AS org_name, o.title AS org_title, o.high_security AS org_high,
       l.id AS lead_id, l.name AS lead_name, l.title AS lead_title, l.high_security AS lead_high,
       k.org_id AS key_org, k.id AS key_id, k.public AS key_public, k.role AS key_role, k.fingerprint AS key_print
  FROM action_pages p
  JOIN campaigns c ON c.id = p.campaign_id
  JOIN orgs o ON o.id = p.org_id
  JOIN orgs l ON l.id = c.org_id
  LEFT JOIN consent_texts w ON w.action_page_id = p.id AND w.valid_until IS NULL
  LEFT JOIN public_keys k ON k.org_id IN (p.org_id, c.org_id) AND k.kind = 'recipient' AND k.status = 'active'
 WHERE p.name = :name
 ORDER BY k.role DESC
""")

_REPLACED = statement(
    "SELECT 1 FROM consent_texts WHERE action_page_id = :page AND hash = :hash AND valid_until > :since",
    times=("since",),
)


def facts(connection: Connection, name: str) -> PageFacts:
    """The page of that name. Raises PageNotFound."""
    rows = connection.execute(_FACTS, {"name": name}).mappings().all()
    if not rows:
        raise PageNotFound(name)
    row = rows[0]
    return PageFacts(
        id=row["id"],
        name=row["name"],
        title=row["title"],
        demand=row["demand"],
        locale=row["locale"],
        is_open=row["page_status"] == "live" == row["campaign_status"],
        is_draft="draft" in (row["page_status"], row["campaign_status"]),
        double_opt_in=bool(row["double_opt_in"]),
        campaign_id=row["campaign_id"],
        campaign=row["campaign"],
        policy=FieldPolicy(tuple(_json(row["fields"])), frozenset(_json(row["required"])), row["comment"]),
        distribution=Distribution(
            split=row["org_id"] != row["lead_id"],
            delivery=bool(row["delivery"]),
            force_delivery=bool(row["force_delivery"]),
        ),
        parties=_parties(rows),
        wording=row["wording"] or "",
        default_country=row["default_country"],
        consent_style=row["consent_style"],
    )


def was_replaced_since(connection: Connection, page_id: int, wording: str, since: datetime) -> bool:
    """Whether the page still showed this wording at some moment after `since`."""
    bound = {"page": page_id, "hash": wording, "since": since}
    return connection.execute(_REPLACED, bound).first() is not None


def _parties(rows: Any) -> dict[Receiver, Party]:
    row = rows[0]
    return {
        receiver: Party(
            id=row[f"{part}_id"],
            name=row[f"{part}_name"],
            title=row[f"{part}_title"],
            high_security=bool(row[f"{part}_high"]),
            keys=tuple(
                RecipientKey(key["key_id"], bytes(key["key_public"]), key["key_role"], key["key_print"])
                for key in rows
                if key["key_org"] == row[f"{part}_id"]
            ),
        )
        for receiver, part in ((Receiver.COLLECTOR, "org"), (Receiver.LEAD, "lead"))
    }


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
