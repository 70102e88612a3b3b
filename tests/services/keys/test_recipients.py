"""Whoever asks whether an org can receive now gets the same answer, whatever was done to its key row."""

from collections.abc import Callable

import pytest
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import active_key, vouching_if_known
from proca_web.domain import key_life
from proca_web.domain.errors import NoActiveKey
from proca_web.domain.pages.privacy import Receiver
from proca_web.domain.words import KeyRole
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Org
from proca_web.services.instance import invariants
from proca_web.services.keys import directory, recipients
from proca_web.services.keys import views as key_views
from proca_web.services.petitions import facts as page_facts
from proca_web.services.petitions import overview, pages, refusals, wordings
from tests.factories import FakeClock, World

ORG = "(SELECT id FROM orgs WHERE name = 'org-one')"
Change = Callable[[World, FakeClock], None]


def nothing(world: World, clock: FakeClock) -> None:
    """The key as the org made it."""


def expired_29_days_ago(world: World, clock: FakeClock) -> None:
    clock.moment = key_life.expiry(clock())
    clock.forward(days=29)


def expired_31_days_ago(world: World, clock: FakeClock) -> None:
    clock.moment = key_life.expiry(clock())
    clock.forward(days=31)


def without_an_end(world: World, clock: FakeClock) -> None:
    world.execute(f"UPDATE public_keys SET expires_at = NULL WHERE org_id = {ORG}")


def unendorsed(world: World, clock: FakeClock) -> None:
    world.execute(f"UPDATE public_keys SET endorsement = NULL WHERE org_id = {ORG}")


def revoked(world: World, clock: FakeClock) -> None:
    world.execute(f"UPDATE public_keys SET status = 'revoked' WHERE org_id = {ORG}")


def brought_back_after_it_was_retired(world: World, clock: FakeClock) -> None:
    world.rotate("org-one")
    with world.app.app_context():
        key_guard.follow(world.app)
    world.execute(f"UPDATE public_keys SET status = 'retired' WHERE org_id = {ORG} AND status = 'active'")
    world.execute(
        f"UPDATE public_keys SET status = 'active' WHERE id = (SELECT min(id) FROM public_keys WHERE org_id = {ORG})"
    )


RECEIVES = [nothing, expired_29_days_ago]
RECEIVES_NOT = [expired_31_days_ago, without_an_end, unendorsed, revoked, brought_back_after_it_was_retired]


def answers(world: World, clock: FakeClock) -> dict[str, bool]:
    """What each asker says about org-one: it collects on `trees`, and is an optional lead on `trees-partner`."""
    now, guard = clock(), world.app.extensions["proca_keyring"]
    with world.app.test_request_context(), force_locale("en"), reading() as session:
        trusted = encryption.vouching
        org = named(session, Org, "org-one")
        facts = page_facts.read(session, "trees", trusted, now)
        partner = named(session, ActionPage, "trees-partner")
        asked = wordings.compose(session, partner, gettext, trusted, now).boxes
        faults = invariants.faults(session, encryption.source.home.identity, guard, now)
        return {
            "recipients": recipients.can_receive(session, org, trusted, now),
            "facts of the page": facts.takes_signatures,
            "encryption": seals(trusted),
            "overview of the instance": overview.instance(session, trusted, now).orgs[0].fingerprint is not None,
            "overview of the org": key_views.receiving(session, org, trusted, now) is not None,
            "directory": "org-one" in {key.org for key in directory.published(session, trusted, now)},
            "wording": Receiver.LEAD.field in {box.field for box in asked},
            "refusals": "org-one" not in refusals.lacking(session, trusted, now),
            "check": not [fault for fault in faults if "page trees is live, but org-one has no active key" in fault],
            "launch": opens(session, clock),
        }


def named(session: Session, kind: type, name: str) -> object:
    return session.scalars(select(kind).where(kind.name == name)).one()


def seals(trusted: object) -> bool:
    try:
        return bool(active_key("org-one", trusted))
    except NoActiveKey:
        return False


def opens(session: Session, clock: FakeClock) -> bool:
    try:
        pages.open_page(session, named(session, ActionPage, "trees"), gettext, encryption.vouching, clock())
    except NoActiveKey:
        return False
    return True


@pytest.mark.parametrize("change", RECEIVES, ids=lambda change: change.__name__)
def test_everybody_agrees_that_an_org_receives(world: World, clock: FakeClock, change: Change) -> None:
    change(world, clock)
    assert [asker for asker, receives in answers(world, clock).items() if not receives] == []


@pytest.mark.parametrize("change", RECEIVES_NOT, ids=lambda change: change.__name__)
def test_everybody_agrees_that_an_org_receives_nothing(world: World, clock: FakeClock, change: Change) -> None:
    change(world, clock)
    assert [asker for asker, receives in answers(world, clock).items() if receives] == []


@pytest.mark.parametrize("change", [expired_31_days_ago, unendorsed], ids=lambda change: change.__name__)
def test_the_console_shows_it_to_owner_and_operator(world: World, clock: FakeClock, change: Change) -> None:
    owner, operator = world.signed_in("admin@org-one.example.org"), world.signed_in("operator@example.org")
    assert "Your key is active." in owner.get("/console/org-one/").text
    assert operator.get("/console/home/").text.count("key active") == 2
    change(world, clock)
    assert "You have no active key" in owner.get("/console/org-one/").text
    shown = operator.get("/console/home/").text
    assert shown.count("no key") == (2 if change is expired_31_days_ago else 1)


def test_nothing_is_sealed_to_while_the_guard_cannot_be_read(world: World, clock: FakeClock) -> None:
    keyring = world.app.extensions["proca_keyring"]
    (keyring.directory / "guard").mkdir(mode=0o700, exist_ok=True)
    (keyring.directory / "guard" / "key-log").write_text("no line of ours\n")
    with world.app.app_context(), reading() as session:
        assert vouching_if_known(world.app) is None
        assert recipients.everywhere(session, None, clock()) == []
        assert {status.fingerprint for status in overview.instance(session, None, clock()).orgs} == {None}
        faults = invariants.faults(session, encryption.source.home.identity, keyring, clock())
    assert faults == ["line 1 of the guard's key-log is damaged; restore the keyring"]  # not one for each page
    assert "no key" in world.signed_in("operator@example.org").get("/console/home/").text


def test_a_role_has_its_own_key(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        org = named(session, Org, "org-one")
        trusted = encryption.vouching
        assert recipients.key_of(session, org, trusted, clock(), KeyRole.RECOVERY) is None
        key = recipients.key_of(session, org, trusted, clock())
        assert key is not None
        assert key.public == bytes(world.secrets["org-one"].public_key)
        assert [found.org.name for found in recipients.everywhere(session, trusted, clock())] == ["org-one", "org-two"]


def test_a_row_that_nobody_vouches_for_is_named(world: World, clock: FakeClock) -> None:
    unendorsed(world, clock)
    with world.app.app_context(), reading() as session:
        assert [key.org.name for key in recipients.unvouched(session, encryption.vouching)] == ["org-one"]
        assert len(recipients.active_rows(session)) == 2
