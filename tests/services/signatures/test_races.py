"""Supporter and worker at the same rows: whatever one has begun, the other waits for it or sees it.

Two connections, and no clocks: the first act runs up to one of its statements and stops there; the second one is begun;
the first goes on as soon as the second has ended, or waits for a lock of the first.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.domain.errors import UnknownToken
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import Event, State
from proca_web.extensions import encryption
from proca_web.models import Action
from proca_web.services.instance import invariants
from proca_web.services.sealing import worker_keys
from proca_web.services.signatures import (
    accepting,
    bouncing,
    confirming,
    expiring,
    mailing,
    releasing,
    settling,
    withdrawing,
)
from proca_web.services.signatures.accepting import Opened
from proca_web.services.signatures.mailing import DueMail
from tests import worker
from tests.databases import ON_POSTGRES, Postgres
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.services.racing import Act, run_against


@dataclass
class Petition:
    """Two signatures of one address, and how each act goes at them."""

    world: World
    tokens: list[bytes]
    mails: Sequence[DueMail] = ()
    opened: Sequence[Opened] = ()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def action(self, session: Session, place: int) -> int:
        return confirming.find(session, self.tokens[place]).action_id

    def claim(self) -> None:
        """From here on a worker has claimed mails and sends them."""
        with self.world.app.app_context(), writing() as session:
            self.mails = mailing.claim(session, keyring_of(self.world.app), State.THANKS_TO_SEND, self.now)[0]

    def open(self) -> None:
        """From here on a worker has opened the second signature, which is confirmed, and accepts it."""
        assert worker.alone(self.world.app).post(confirm_path(self.tokens[1])).status_code == 303
        app = self.world.app
        with app.app_context(), reading() as session, worker_keys.opener(session, keyring_of(app)) as opener:
            rows = accepting.due(session, self.now)
            held = [(row, accepting.read(opener, row)) for row in rows]
            self.opened = [Opened(row, waiting, waiting_of(app).seal(waiting)) for row, waiting in held if waiting]

    def acts(self) -> dict[str, Act]:
        """Everything that can happen to them."""
        keyring = keyring_of(self.world.app)
        with self.world.app.app_context():
            sealed = confirming.seal(waiting_of(self.world.app), self.tokens[1])

        def confirm(session: Session) -> object:
            return confirming.confirm(session, confirming.find(session, self.tokens[1]), sealed, self.now)

        def accept(session: Session) -> object:
            return accepting.accept(session, keyring, self.opened, self.now)

        def reject(session: Session) -> object:
            with suppress(UnknownToken):
                signature = confirming.find(session, self.tokens[1])
                if signature.is_accepted:
                    return withdrawing.withdraw(session, signature.action_id, (), self.now)
                return confirming.purge(session, signature, Event.REJECT, self.now)
            return None

        def withdraw(session: Session) -> object:
            with suppress(UnknownToken):
                return withdrawing.withdraw(session, self.action(session, 0), (), self.now)
            return None

        def release(session: Session) -> object:
            return releasing.release(session, self.now)

        def expire(session: Session) -> object:
            later = self.now + timedelta(days=40)
            return [expiring.end(session, over, later) for over in expiring.over_age(session, later)]

        def claim(session: Session) -> object:
            return mailing.claim(session, keyring, State.THANKS_TO_SEND, self.now)

        def settle(session: Session) -> object:
            for mail in self.mails:
                settling.settle(session, mail, Outcome.SENT, "relay", self.now)
            return None

        def bounce(session: Session) -> object:
            actions = session.scalars(select(Action.id).order_by(Action.id.desc()).limit(2)).all()
            return [bouncing.bounced(session, action, self.now) for action in sorted(actions)]

        named = (confirm, accept, reject, withdraw, release, expire, claim, settle, bounce)
        return {act.__name__: act for act in named}


def signed(world: World, client: FlaskClient, address: str) -> bytes:
    """A signature whose link was mailed; returns the link's token."""
    assert world.sign(client, email=address).status_code == 303
    token = waiting_token(world)
    world.run("mail")
    return token


@pytest.fixture
def petition(world: World, client: FlaskClient) -> Petition:
    """Somebody's signature was released. Of two more by one address one is confirmed, one waits for its link."""
    assert client.post(confirm_path(signed(world, client, "before@example.org"))).status_code == 303
    world.run()
    tokens = [signed(world, client, "twice@example.org") for _ in range(2)]
    assert client.post(confirm_path(tokens[0])).status_code == 303
    return Petition(world, tokens)


def assert_all_is_counted(world: World) -> None:
    """After a last release: the counter is the people who have signed, and `seq` has neither gap nor double."""
    world.run("release")
    ((count_shown, people),) = world.query(
        "SELECT (SELECT supporter_count FROM campaigns),"
        " (SELECT count(DISTINCT supporter_id) FROM actions WHERE status = 'accepted' AND released)"
    )
    ((counted,),) = world.query("SELECT count(*) FROM actions WHERE counted AND status = 'accepted'")
    assert count_shown == people == counted
    for org, role, last in world.query("SELECT org_id, role, last_seq FROM release_counters"):
        rows = world.query(
            "SELECT seq FROM contacts WHERE org_id = :org AND role = :role ORDER BY seq", org=org, role=role
        )
        numbers = [row.seq for row in rows if row.seq is not None]
        assert len(numbers) == len(set(numbers))
        assert max(numbers, default=0) <= last
        if numbers:
            assert max(numbers) == last
    assert not world.query("SELECT 1 FROM actions WHERE status = 'withdrawn' AND counted")
    assert not world.query("SELECT 1 FROM actions WHERE status = 'accepted' AND NOT released")


SUPPORTER = ("confirm", "reject", "withdraw")
WORKER = ("accept", "release", "expire", "claim", "settle")
AGAINST = {
    **{ours: SUPPORTER for ours in WORKER},
    **{theirs: (*WORKER, *SUPPORTER) for theirs in SUPPORTER},
    "bounce": (*SUPPORTER, "release"),
}


def race(
    petition: Petition, admin: psycopg.Connection[Any], begin_again: Callable[[], object], first: str, second: str
) -> None:
    """The first act stops before each of its statements in turn; however they end, all is counted."""
    for step in count():
        begin_again()
        if "settle" in (first, second):
            petition.claim()
        if "accept" in (first, second):
            petition.open()
        acts = petition.acts()
        has_more = run_against(petition.world, admin, acts[first], acts[second], step)
        worker.accept(petition.world.app)
        assert_all_is_counted(petition.world)
        if not has_more:
            break
    assert step > 0


@ON_POSTGRES
@pytest.mark.parametrize("first", AGAINST)
def test_whatever_happens_at_the_same_time_the_count_is_right_and_seq_has_no_gap(
    first: str, petition: Petition, admin: psycopg.Connection[Any], postgres: Postgres
) -> None:
    begin_again = postgres.keep("petition")
    for second in AGAINST[first]:
        race(petition, admin, begin_again, first, second)


@ON_POSTGRES
def test_when_the_counted_one_of_two_that_are_released_goes_the_count_goes_over_to_the_other(
    petition: Petition, admin: psycopg.Connection[Any], postgres: Postgres
) -> None:
    world, signed = petition.world, "SELECT counted, repeat FROM actions ORDER BY id"
    assert worker.alone(world.app).post(confirm_path(petition.tokens[1])).status_code == 303
    world.run("accept", "release")
    assert world.query(signed)[1:] == [(True, False), (False, True)]
    begin_again = postgres.keep("petition")
    for second in ("release", "claim", "reject", "bounce"):
        race(petition, admin, begin_again, "withdraw", second)
        if second != "reject":  # who takes both back is nobody's other signature
            assert world.query(signed)[2] == (True, False)
            assert world.query("SELECT supporter_count FROM campaigns") == [(2,)]


@ON_POSTGRES
def test_a_signature_that_cannot_be_released_holds_up_no_other(
    world: World, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("one", "two", "three"):
        client.post(confirm_path(signed(world, client, f"{name}@example.org")))
    ((_, bad, _),) = [tuple(row[0] for row in world.query("SELECT id FROM actions ORDER BY id"))]
    world.execute(f"ALTER TABLE contacts ADD CONSTRAINT bad CHECK (action_id <> {bad} OR seq IS NULL)")
    world.run("release")
    assert [int(row["seq"]) for row in world.export("org-one")] == [1, 2]
    ((counted,),) = world.query("SELECT supporter_count FROM campaigns")
    assert counted == 2
    assert "1 signatures cannot be released" in caplog.text
    with world.app.app_context(), reading() as session:
        later = datetime.now(UTC) + timedelta(minutes=11)
        found = invariants.faults(session, encryption.source.home.identity, keyring_of(world.app), later)
    assert "1 accepted signatures are not released; the worker's log says why" in found
    world.execute("ALTER TABLE contacts DROP CONSTRAINT bad")
    world.run("release")
    assert [int(row["seq"]) for row in world.export("org-one")] == [1, 2, 3]
