"""Mail programs, scanners and previews open every link of a mail: no GET of one confirms, rejects or withdraws."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from proca_web.adapters.database import reading
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import decode, encode
from proca_web.domain.transient import State
from proca_web.extensions import db
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import FakeClock, World

# A person, a scanner that follows whatever it is given, a mail program that looks ahead.
LOOKS: list[dict[str, Any]] = [
    {"method": "GET"},
    {"method": "GET", "query_string": {"done": "withdrawn", "also": "all"}, "headers": {"Sec-Purpose": "prefetch"}},
    {"method": "HEAD", "headers": {"User-Agent": "a mail scanner", "Accept": "*/*"}},
]


def tables(world: World) -> dict[str, list[str]]:
    """Everything the database holds, the queue's own tables too."""
    with world.app.app_context(), reading() as session:
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(text(f'SELECT * FROM "{name}"')))
            for name in inspect(db.engine).get_table_names()
        }


def links_with_a_token(world: World) -> list[str]:
    """The rule of every address that somebody is mailed or given with a token in it and that can be looked at."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "token" in rule.arguments]
    return sorted(rule.rule for rule in rules if "GET" in (rule.methods or ()))


class Mailed:
    """A signature whose confirm link was mailed, and what can happen to it since."""

    def __init__(self, world: World, client: FlaskClient) -> None:
        self.world, self.client = world, client
        assert world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes").status_code == 303
        world.run("mail")
        self.confirm = world.link()
        token = decode(self.confirm.rpartition("/")[2], transient_seal.TOKEN_BYTES)
        # The link to confirm has its token, the link to withdraw one that is derived from it; both fit each address.
        self.tokens = (encode(token), encode(transient_seal.withdraw_token(token)))

    def waits(self) -> None:
        """Nobody did anything yet."""

    def is_confirmed(self) -> None:
        self.client.post(self.confirm)

    def is_released(self) -> None:
        self.is_confirmed()
        self.world.run("release")

    def is_thanked(self) -> None:
        self.is_released()
        self.world.run("mail")

    def is_rejected(self) -> None:
        self.client.post(f"{self.confirm}/reject")

    def is_withdrawn(self) -> None:
        self.is_thanked()
        self.client.post(f"/withdraw/{self.tokens[1]}")

    def is_withdrawn_for_the_orgs_too(self) -> None:
        self.is_withdrawn()
        self.world.run("release", "sweep")


HAPPENED: list[Callable[[Mailed], None]] = [
    Mailed.waits,
    Mailed.is_confirmed,
    Mailed.is_released,
    Mailed.is_thanked,
    Mailed.is_rejected,
    Mailed.is_withdrawn,
    Mailed.is_withdrawn_for_the_orgs_too,
]


@pytest.fixture
def mailed(world: World, client: FlaskClient) -> Mailed:
    return Mailed(world, client)


def look_everywhere(mailed: Mailed) -> None:
    """Open every address with each token, as people, mail programs and scanners do."""
    for rule, token, look in product(links_with_a_token(mailed.world), mailed.tokens, LOOKS):
        answer = mailed.client.open(rule.replace("<token>", token), **look)
        assert answer.status_code in (200, 303, 410), (rule, look)


def test_every_link_with_a_token_is_looked_at(world: World) -> None:
    assert links_with_a_token(world) == [
        "/account/address/<token>",
        "/confirm/<token>",
        "/confirm/<token>/reject",
        "/confirm/<token>/unblock",
        "/draft/<token>",
        "/invitation/<token>",
        "/partnership/<token>",
        "/reset/<token>",
        "/withdraw/<token>",
    ]


@ON_SQLITE
@pytest.mark.parametrize("happened", HAPPENED, ids=lambda happened: happened.__name__)
def test_looking_at_a_mailed_link_changes_no_table(mailed: Mailed, happened: Callable[[Mailed], None]) -> None:
    happened(mailed)
    before = tables(mailed.world)
    assert len(before["actions"]) == (0 if happened is Mailed.is_rejected else 1)
    look_everywhere(mailed)
    assert tables(mailed.world) == before


@ON_SQLITE
@pytest.mark.parametrize("state", State)
def test_looking_changes_nothing_of_what_waits_in_any_state(mailed: Mailed, state: State) -> None:
    mailed.world.execute("UPDATE transients SET state = :state", state=state)
    before = tables(mailed.world)
    look_everywhere(mailed)
    assert tables(mailed.world) == before
    assert mailed.world.query("SELECT state FROM transients") == [(state,)]


@ON_BOTH
def test_looking_at_a_link_whose_time_is_over_changes_no_table(mailed: Mailed, clock: FakeClock) -> None:
    """Once before it is swept away, once after."""
    clock.forward(days=31)
    for swept in (False, True):
        if swept:
            mailed.world.run("sweep")
        before = tables(mailed.world)
        look_everywhere(mailed)
        assert tables(mailed.world) == before
