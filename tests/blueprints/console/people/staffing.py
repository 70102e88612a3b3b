"""Somebody more on an org's staff, and how a test sends the console's forms."""

import re
from typing import Any

from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.staff_words import StaffRole
from proca_web.services.staff import people
from tests.factories import World, form_token, password_hash


def add(world: World, email: str, role: StaffRole, org: str = "org-one") -> int:
    """Somebody more on an org's staff; their number."""
    with world.app.app_context(), writing() as session:
        place = people.find_org(session, org)
        assert place is not None
        known = people.find_user(session, email)
        if known is not None:
            people.add_place(session, known, place, role, clock.now())
            return known.id
        made = people.add_user(session, email, password_hash(), place, role, clock.now())
        session.flush()
        return made.id


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    """A form of the console, with its token."""
    token = form_token(client, "/console/") if client.get("/console/").status_code == 200 else _token(client)
    return client.post(path, data={"csrf_token": token, **fields})


def _token(client: FlaskClient) -> str:
    return form_token(client, str(client.get("/console/").location))


def plain(text: str) -> str:
    """What is read of a page."""
    return re.sub(r"\s+", " ", re.sub("[\u2066-\u2069]|<[^>]+>", "", text))
