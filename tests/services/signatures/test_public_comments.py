"""A public comment is read by nobody before its org let it be read, and is gone with its signature."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.domain.campaign_words import CommentState
from proca_web.models import ActionPage
from proca_web.services.petitions.showing import comments
from proca_web.services.petitions.showing.comments import Said
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

TOLD = {"comment": 'For the "comment_name": birds\nשלום', "comment_is_shown": "yes"}


def page(session: Session, name: str = "trees") -> ActionPage:
    return session.query(ActionPage).filter_by(name=name).one()


def states(world: World) -> list[str]:
    return [state for (state,) in world.query("SELECT state FROM comments ORDER BY action_id")]


def confirmed(world: World, client: FlaskClient, **typed: str) -> None:
    world.execute("UPDATE action_pages SET comment = 'public'")
    assert world.sign(client, **typed).status_code == 303
    world.run()
    client.post(world.link(typed.get("email")))
    world.run()


def decide(world: World, clock: FakeClock, name: str, state: CommentState) -> int:
    with world.app.app_context(), writing() as session:
        of = page(session, name)
        ids = [id_ for (id_,) in world.query("SELECT action_id FROM comments")]
        return comments.decide(session, [of.id], ids, state, None, clock())


def shown(world: World) -> list[Said]:
    with world.app.app_context(), reading() as session:
        return comments.shown(session, page(session).id)


def test_a_comment_waits_is_shown_and_goes_with_its_signature(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    confirmed(world, client, **TOLD, comment_named="yes")
    assert (states(world), shown(world)) == (["waiting"], [])
    assert decide(world, clock, "trees-partner", CommentState.SHOWN) == 0
    assert decide(world, clock, "trees", CommentState.SHOWN) == 1
    assert decide(world, clock, "trees", CommentState.SHOWN) == 0
    (said,) = shown(world)
    assert (said.name, said.text) == ("Zofia", TOLD["comment"])
    ((detail,),) = world.query("SELECT detail FROM audit_entries WHERE event = 'comment-show'")
    assert "birds" not in detail
    client.post(f"{world.link()}/reject")
    world.run()
    assert (states(world), shown(world)) == ([], [])
    assert world.query("SELECT custom_fields FROM actions") == [("{}",)]


@ON_SQLITE
@pytest.mark.parametrize(
    ("typed", "waiting"),
    [
        ({**TOLD}, ["waiting"]),
        ({"comment": 'It says "comment_name":', "comment_named": "yes"}, []),  # an older form: it is shown nowhere
        ({"comment": "", "comment_is_shown": "yes", "comment_named": "yes"}, []),
    ],
)
def test_only_who_was_told_that_it_is_shown_is_read(
    world: World, client: FlaskClient, typed: dict[str, str], waiting: list[str]
) -> None:
    confirmed(world, client, **typed)
    assert states(world) == waiting
    ((custom,),) = world.query("SELECT custom_fields FROM actions")
    assert "Zofia" not in custom


@ON_SQLITE
def test_a_test_signature_says_nothing_in_public(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET comment = 'public'")
    assert world.sign(client, query="?testing=true", **TOLD).status_code == 303
    world.run()
    client.post(world.link())
    world.run()
    assert states(world) == []
