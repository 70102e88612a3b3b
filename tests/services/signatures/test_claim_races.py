"""A claim looks addresses up while its person, another worker or an operator acts: nobody waits for ever.

The first act stops before each of its statements in turn, the second one is begun there.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event, State
from proca_web.services.signatures import bouncing, confirming, expiring, fingerprints, mailing
from proca_web.web.ratelimit import Limit
from tests.databases import ON_POSTGRES, Postgres
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.services.racing import Act, run_against


def acts_on(world: World, token: bytes) -> dict[str, Act]:
    """What can happen to the signature of that link, and to its campaign, at the moment of its first claim."""
    ring = keyring_of(world.app)
    with world.app.app_context():
        sealed = confirming.seal(waiting_of(world.app), token)

    def now() -> datetime:
        return datetime.now(UTC)

    def claim(session: Session) -> object:
        return mailing.claim(session, ring, State.TO_SEND, now() + timedelta(seconds=1))

    def purge(event: Event) -> Act:
        def act(session: Session) -> object:
            try:
                return confirming.purge(session, confirming.find(session, token), event, now())
            except UnknownToken:
                return None

        return act

    def confirm(session: Session) -> object:
        return confirming.confirm(session, confirming.find(session, token), sealed, now())

    def bounce(session: Session) -> object:
        return bouncing.bounced(session, confirming.find(session, token).action_id, now())

    def expire(session: Session) -> object:
        later = now() + timedelta(days=8)
        return [expiring.end(session, over, later) for over in expiring.over_age(session, later)]

    def new_key(session: Session) -> object:
        return fingerprints.start_anew(session, 1, now())

    def forget(session: Session) -> object:
        return expiring.forget_campaign(session, 1, now())

    named: dict[str, Act] = {act.__name__: act for act in (claim, confirm, bounce, expire, new_key, forget)}
    return named | {"reject": purge(Event.REJECT), "withdraw": purge(Event.WITHDRAW)}


@ON_POSTGRES
@pytest.mark.parametrize("second", ["claim", "reject", "withdraw", "confirm", "bounce", "expire", "new_key", "forget"])
@pytest.mark.parametrize("is_blocked", [False, True], ids=["goes", "is blocked"])
def test_whatever_happens_during_a_first_claim_ends_well(
    second: str,
    is_blocked: bool,
    world: World,
    client: FlaskClient,
    admin: psycopg.Connection[Any],
    postgres: Postgres,
) -> None:
    if is_blocked:
        world.sign(client, email="person@example.org")
        rejected = waiting_token(world)
        world.run("mail")
        client.post(f"{confirm_path(rejected)}/reject")
    for _ in range(2):
        assert world.sign(client, email="person@example.org").status_code == 303
    token, begin_again = waiting_token(world), postgres.keep("signed")
    for step in count():
        begin_again()
        acts = acts_on(world, token)
        has_more = run_against(world, admin, acts["claim"], acts[second], step)
        unmarked = world.query("SELECT state FROM transients WHERE state = 'sending' AND mark IS NULL")
        assert not unmarked or second == "new_key"
        mails = sum(number for (number,) in world.query("SELECT mails FROM mail_marks"))
        assert mails <= (1 if is_blocked and second not in ("new_key", "forget") else 2)
        if world.query("SELECT key_check FROM campaigns") == [(None,)]:  # no mark outlives its key
            assert not world.query("SELECT mark FROM mail_marks UNION SELECT mark FROM blocks")
            assert not world.query("SELECT 1 FROM transients WHERE mark IS NOT NULL")
        if not has_more:
            break
    assert step > 3


@ON_POSTGRES
def test_two_workers_at_the_first_claims_of_one_address_let_three_mails_go(
    world: World, client: FlaskClient, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limit, "check", lambda _limit, _request: None)
    for step in count():
        for _ in range(5):
            world.sign(client, email=f"person{step}@example.org")
        claimed: list[int] = []

        def claim(session: Session, claimed: list[int] = claimed) -> object:
            ring, now = keyring_of(world.app), datetime.now(UTC) + timedelta(seconds=1)
            mails, _ = mailing.claim(session, ring, State.TO_SEND, now, 4)
            claimed += [mail.action_id for mail in mails]
            return None

        has_more = run_against(world, admin, claim, claim, step)
        assert len(claimed) == len(set(claimed)) == 3
        for table in ("transients", "actions", "mail_marks"):
            world.execute(f"DELETE FROM {table}")
        if not has_more:
            break
    assert step > 3
