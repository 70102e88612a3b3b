"""What tests of an org's keys ask and need again and again: a second owner, the states of keys, what is sealed to."""

from datetime import UTC, datetime

from flask.testing import FlaskClient
from nacl.public import Box, PrivateKey, PublicKey

from proca_web.adapters.database import writing
from proca_web.extensions import db
from proca_web.models import Org
from proca_web.services.staff import people
from proca_web.web import page_cache
from tests import factories
from tests.factories import World
from tests.key_holder import Owner


def second_owner(world: World, email: str = "second@org-one.example.org", org: str = "org-one") -> Owner:
    """Another owner, who was there before."""
    with world.app.app_context(), writing() as session:
        place = session.scalars(db.select(Org).where(Org.name == org)).one()
        people.add_user(session, email, factories.password_hash(), place, "owner", datetime.now(UTC))
    return Owner(world.signed_in(email), org)


def keys(world: World, org: str = "org-one") -> list[tuple[str, str]]:
    """Role and status of an org's keys, the oldest first."""
    rows = world.query(
        "SELECT k.role, k.status FROM public_keys k JOIN orgs o ON o.id = k.org_id "
        "WHERE o.name = :org AND k.kind = 'recipient' ORDER BY k.id",
        org=org,
    )
    return [tuple(row) for row in rows]


def sealed_to(world: World, client: FlaskClient, secret: PrivateKey) -> bool:
    """Whether a new signature can be opened with that secret."""
    page_cache.forget(world.app)
    assert world.sign(client).status_code == 303
    row = world.query(
        "SELECT c.payload, c.crypto_nonce, s.public FROM contacts c JOIN public_keys s ON s.id = c.sign_key_id "
        "ORDER BY c.id DESC LIMIT 1"
    )[0]
    try:
        Box(secret, PublicKey(bytes(row[2]))).decrypt(bytes(row[0]), bytes(row[1]))
    except Exception:
        return False
    return True
