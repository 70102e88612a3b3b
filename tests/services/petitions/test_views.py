"""What a page shows follows from the facts it was read with, whatever happens meanwhile."""

import pytest

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.extensions import encryption
from proca_web.services.petitions import facts, views
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.petitions.views import PageView
from tests.factories import World

pytestmark = pytest.mark.usefixtures("client")


def seen(world: World, page: str = "trees") -> PageFacts:
    with world.app.app_context(), reading() as session:
        return facts.read(session, page, encryption.vouching, clock.now())


def shown(world: World, page_facts: PageFacts) -> PageView:
    with world.app.app_context(), reading() as session:
        return views.of(session, page_facts, clock.now())


def test_a_wording_replaced_since_the_facts_were_read_does_not_show(world: World) -> None:
    decided = seen(world)
    before = shown(world, decided)
    world.execute("UPDATE action_pages SET title = 'Another title' WHERE name = 'trees'")
    world.run("sweep")
    after = shown(world, decided)
    assert (after.wording, after.wording_hash, after.facts.title) == (before.wording, decided.wording, decided.title)
    fresh = shown(world, seen(world))
    assert fresh.wording_hash != decided.wording
    assert "Another title" in fresh.wording.statement


def test_a_key_that_ended_since_the_facts_were_read_does_not_change_what_is_asked(world: World) -> None:
    decided = seen(world, "trees-partner")
    world.execute("UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient'")
    view = shown(world, decided)
    assert [box.field for box in view.wording.boxes] == ["opt_in", "lead_opt_in"]
    assert [reader.title for reader in view.readers] == ["Org Two"]
    assert [reader.title for reader in view.readers_if_asked] == ["Org One"]
    assert shown(world, seen(world, "trees-partner")).readers == []


def test_a_page_without_a_wording_yet_shows_none(world: World) -> None:
    world.execute("DELETE FROM consent_texts")
    view = shown(world, seen(world))
    assert (view.wording.statement, view.wording_hash) == ("", "")
