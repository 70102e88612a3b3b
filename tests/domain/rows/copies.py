"""A contact with every field, and where its copy belongs."""

from datetime import UTC, datetime

from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows.plaintext import Context

CONTEXT = Context(
    home="HOME",
    action_ref="A" * 22,
    contact_ref="B" * 22,
    campaign="trees",
    page="trees-page",
    org="org-one",
    opt_in=None,
    deliver=True,
    consent="c" * 64,
    at=datetime(2026, 3, 1, 12, 1, 59, tzinfo=UTC),
    check="k" * 43,
)
FULL = ContactData(
    first_name="Zofia",
    last_name="Ślązak-Żółć",
    email="zofia@example.org",
    phone="+48 22 123",
    country="PL",
    postcode="00-950",
    street="Aleje",
    street_number="7b",
    locality="Warszawa",
    region="Mazowsze",
    birth_date="1990-01-31",
    comment="For\nthe trees",
)
