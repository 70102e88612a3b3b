"""A page with four organisations: each gets a copy by its own question, opened here with raw PyNaCl."""

import json
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from nacl.public import Box, PrivateKey, PublicKey
from sqlalchemy import select

from proca_web.adapters.database import writing
from proca_web.domain.errors import BadSetting, HomeCannotReceive
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Org
from proca_web.services.keys import changes, registering
from proca_web.services.keys.registering import Registration
from proca_web.services.petitions import orgs, owners, pages, wordings
from proca_web.web import page_cache
from tests import factories
from tests.factories import CANARY, World

NAMES = ("org-three", "org-four")
ALL = {"opt_in": "yes", "lead_opt_in": "yes", "opt_in_org-three": "yes", "opt_in_org-four": "yes"}


@pytest.fixture
def secrets(world: World, client: FlaskClient) -> dict[str, PrivateKey]:
    """Two more orgs on the partner's page, and the keys of all four."""
    secrets = dict(world.secrets) | {name: PrivateKey.generate() for name in NAMES}
    now = datetime.now(UTC)
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        further = [factories.add_org(session, name, secrets[name], now) for name in NAMES]
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees-partner")).one()
        pages.set_receivers(session, page, further)
        wordings.refresh(session, page, gettext, encryption.vouching, now)
    page_cache.forget(world.app)
    return secrets


def copies(world: World, secrets: dict[str, PrivateKey]) -> dict[str, tuple[object, object, dict[str, object]]]:
    """What each org got: delivery, communication, and what it reads."""
    rows = world.query(
        "SELECT o.name, c.deliver, c.opt_in, c.payload, c.crypto_nonce, s.public FROM contacts c"
        " JOIN orgs o ON o.id = c.org_id JOIN public_keys s ON s.id = c.sign_key_id WHERE c.role = 'recipient'"
    )
    return {
        name: (deliver, opt_in, json.loads(Box(secrets[name], PublicKey(public)).decrypt(payload, nonce)))
        for name, deliver, opt_in, payload, nonce, public in rows
    }


def test_each_of_four_orgs_gets_its_own_copy_that_no_other_opens(
    world: World, client: FlaskClient, secrets: dict[str, PrivateKey]
) -> None:
    assert world.sign(client, "trees-partner", **CANARY, **ALL).status_code == 303
    found = copies(world, secrets)
    assert {name: (bool(deliver), bool(opt_in)) for name, (deliver, opt_in, _) in found.items()} == {
        "org-two": (True, True),
        "org-one": (False, True),
        "org-three": (False, True),
        "org-four": (False, True),
    }
    for name, (deliver, opt_in, opened) in found.items():
        assert opened["email"] == CANARY["email"]
        meta = opened["_meta"]
        assert isinstance(meta, dict)
        assert (meta["org"], meta["deliver"], meta["optIn"]) == (name, bool(deliver), bool(opt_in))
    assert len({opened["_meta"]["ref"] for *_, opened in found.values()}) == 4  # type: ignore[index]
    world.run()
    assert client.post(world.link()).status_code == 303
    world.run()
    for name in NAMES:
        (number,) = world.query(
            "SELECT count(*) FROM contacts c JOIN orgs o ON o.id = c.org_id WHERE o.name = :n AND seq = 1", n=name
        )
        assert number == (1,)


@pytest.mark.parametrize(
    ("ticked", "receives"),
    [
        ({}, {"org-two"}),
        ({"opt_in_org-four": "yes"}, {"org-two", "org-four"}),
        ({"opt_in_org-three": "yes", "opt_in_org-four": "no"}, {"org-two", "org-three"}),
        ({"opt_in_org-nobody": "yes"}, {"org-two"}),
    ],
)
def test_only_who_is_ticked_gets_a_copy(
    world: World, client: FlaskClient, secrets: dict[str, PrivateKey], ticked: dict[str, str], receives: set[str]
) -> None:
    assert world.sign(client, "trees-partner", **ticked).status_code == 303
    assert set(copies(world, secrets)) == receives


@pytest.mark.usefixtures("secrets")
def test_the_form_asks_for_each_and_names_who_is_responsible(client: FlaskClient) -> None:
    shown = client.get("/p/trees-partner").text
    for field in ALL:
        assert f'name="{field}"' in shown
    responsible = shown.partition('class="notices"')[2].partition("</details>")[0]
    assert responsible.count("org-three e.V.") == responsible.count("org-four e.V.") == 1
    assert "org-three e.V." not in client.get("/p/trees").text


@pytest.mark.usefixtures("secrets")
def test_without_a_key_it_is_not_asked_about_and_a_form_that_names_it_comes_back(
    world: World, client: FlaskClient
) -> None:
    world.execute(
        "UPDATE public_keys SET status = 'revoked' WHERE org_id = (SELECT id FROM orgs WHERE name = 'org-three')"
    )
    page_cache.forget(world.app)
    assert 'name="opt_in_org-three"' not in client.get("/p/trees-partner").text
    named = world.sign(client, "trees-partner", **ALL)
    assert (named.status_code, 'name="opt_in_org-three"' in named.text) == (422, False)
    assert 'name="opt_in_org-four" value="yes" checked' in named.text
    assert world.sign(client, "trees-partner", **{"opt_in_org-four": "yes"}).status_code == 303


def test_a_form_from_before_an_org_left_comes_back(
    world: World, client: FlaskClient, secrets: dict[str, PrivateKey]
) -> None:
    ((before,),) = world.query("SELECT hash FROM consent_texts WHERE body LIKE '%org-four%' AND valid_until IS NULL")
    assert world.sign(client, "trees-partner", **ALL, wording=before).status_code == 303
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees-partner")).one()
        pages.set_receivers(session, page, [page.receivers[0].org])
        wordings.refresh(session, page, gettext, encryption.vouching, datetime.now(UTC))
    assert world.sign(client, "trees-partner", **ALL, wording=before).status_code == 422
    unticked = {name: value for name, value in ALL.items() if name != "opt_in_org-four"}
    assert world.sign(client, "trees-partner", **unticked, wording=before, email="b@example.org").status_code == 303
    world.run()
    path = world.link("zofia@example.org")
    assert client.post(path).status_code == 303
    world.run()
    shown = client.get(path).text
    assert shown.count("You said yes.") == 4  # org-four holds a copy, though it left the page
    assert {name for name in copies(world, secrets)} >= {"org-four"}


def test_your_signature_says_what_each_was_told(
    world: World, client: FlaskClient, secrets: dict[str, PrivateKey]
) -> None:
    assert world.sign(client, "trees-partner", **{"opt_in_org-four": "yes"}).status_code == 303
    world.run()
    assert client.post(world.link()).status_code == 303
    world.run()
    shown = client.get(world.link()).text
    answers = [line for line in shown.split("<") if "You said yes." in line or "You did not say yes." in line]
    assert len(answers) == 4
    assert ["You said yes." in answer for answer in answers] == [False, False, False, True]
    assert "Org Four" in shown


def test_eight_copies_take_one_block_of_nonces(
    world: World, client: FlaskClient, secrets: dict[str, PrivateKey]
) -> None:
    now = datetime.now(UTC)
    with world.app.app_context(), writing() as session:
        for org in session.scalars(select(Org).where(~Org.is_home)).all():
            new = PrivateKey.generate()
            registration = Registration(bytes(new.public_key), bytes(factories.sign_key(new).verify_key), "recovery")
            key = registering.register(session, org, registration, None, now)
            key.proven_at = now
            assert changes.activate(session, encryption.source.home, org, key.id, 1, now).state == "active"
    assert world.sign(client, "trees-partner", **ALL).status_code == 303
    nonces = sorted(int.from_bytes(nonce, "big") for (nonce,) in world.query("SELECT crypto_nonce FROM contacts"))
    assert nonces == list(range(nonces[0], nonces[0] + 8))
    assert world.sign(client, "trees-partner").status_code == 303
    later = [int.from_bytes(nonce, "big") for (nonce,) in world.query("SELECT crypto_nonce FROM contacts")]
    assert min(set(later) - set(nonces)) == nonces[0] + 8


@pytest.mark.usefixtures("secrets")
def test_who_may_be_a_further_receiver(world: World) -> None:
    with world.app.app_context(), writing() as session:
        found = {org.name: org for org in session.scalars(select(Org))}
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees-partner")).one()
        for names in (["org-one"], ["org-two"], ["org-three", "org-three"]):
            with pytest.raises(BadSetting):
                pages.set_receivers(session, page, [found[name] for name in names])
        with pytest.raises(HomeCannotReceive):
            pages.set_receivers(session, page, [found["home"]])
        five = orgs.add_org(session, "org-five", "Org Five", datetime.now(UTC))
        with pytest.raises(BadSetting, match="at most 2"):
            pages.set_receivers(session, page, [found["org-three"], found["org-four"], five])
        pages.set_receivers(session, page, [found["org-four"], found["org-three"]])
        assert [(each.org.name, each.position) for each in page.receivers] == [("org-four", 1), ("org-three", 2)]
        for change in (owners.change_lead, owners.change_owner):
            about = page.campaign if change is owners.change_lead else page
            with pytest.raises(BadSetting, match="further receiver"):
                change(session, about, found["org-three"], encryption.vouching, datetime.now(UTC))
