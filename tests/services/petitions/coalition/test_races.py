"""Two people at one invitation: wherever the first has come, the second waits or sees what was done."""

from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.errors import ProcaError
from proca_web.extensions import encryption
from proca_web.services.petitions.making.coalition import ending, inviting, joining
from tests import factories
from tests.databases import ON_POSTGRES
from tests.factories import World
from tests.services.petitions.coalition.acting import NOW, org, trees
from tests.services.racing import Act, run_against


def number(session: Session) -> int:
    return int(session.connection().exec_driver_sql("SELECT max(id) FROM partners").scalar_one())


def accept(session: Session) -> None:
    joining.accept(session, org(session, "org-three"), number(session), None, NOW)


def decline(session: Session) -> None:
    joining.decline(session, org(session, "org-three"), number(session), None, NOW)


def withdraw(session: Session) -> None:
    inviting.withdraw(session, trees(session), number(session), None, NOW)


def end(session: Session) -> None:
    vouching = encryption.vouching
    ending.end(session, trees(session), org(session, "org-three"), None, lambda page: None, vouching, NOW)


RACES = {
    "accepted twice": (accept, accept),
    "taken back meanwhile": (accept, withdraw),
    "accepted while it is taken back": (withdraw, accept),
    "ended meanwhile": (accept, end),
    "declined meanwhile": (accept, decline),
}


@ON_POSTGRES
@pytest.mark.parametrize(("first", "second"), [pytest.param(*pair, id=name) for name, pair in RACES.items()])
def test_an_invitation_ends_in_one_way(world: World, admin: psycopg.Connection[Any], first: Act, second: Act) -> None:
    with world.app.app_context(), writing() as session:
        factories.add_org(session, "org-three", None, NOW)
        inviting.invite(session, trees(session), None, "org-three", "", NOW)
    stop = 0
    while run_against(world, admin, first, second, stop, may_raise=ProcaError):
        ((state,),) = world.query("SELECT state FROM partners")
        pages = world.query("SELECT status FROM action_pages WHERE name LIKE 'trees-org-three%'")
        expected = {"joined": [("draft",)], "ended": [("closed",)], "withdrawn": [], "declined": []}
        assert pages == expected[state], stop
        world.execute("DELETE FROM action_pages WHERE name LIKE 'trees-org-three%'")
        world.execute("UPDATE partners SET state = 'invited', ended_at = NULL")
        stop += 4  # every statement would take long, and tell no more
    assert stop > 8


@ON_POSTGRES
def test_an_org_invited_twice_at_once_is_invited_once(world: World, admin: psycopg.Connection[Any]) -> None:
    with world.app.app_context(), writing() as session:
        factories.add_org(session, "org-three", None, NOW)

    def invite(session: Session) -> None:
        inviting.invite(session, trees(session), None, "org-three", "", NOW)

    for stop in (0, 3, 6):
        run_against(world, admin, invite, invite, stop, may_raise=ProcaError)
        assert world.query("SELECT count(*) FROM partners") == [(1,)]
        world.execute("DELETE FROM partners")
