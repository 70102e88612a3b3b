"""Protocol 6, first claim: who gets a mail, how many a day, and in which words, by fingerprint alone."""

import hmac
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.labels import label
from proca_web.domain.outcome import Outcome
from proca_web.domain.people import text
from proca_web.domain.transient import State
from proca_web.extensions import db
from proca_web.services.signatures import fingerprints, mailing, settling
from proca_web.services.signatures.mailing import DueMail
from tests import worker
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token

ADDRESS = "zofia@example.org"


def claim(world: World, clock: FakeClock, limit: int = 100) -> list[DueMail]:
    """What a worker does first."""
    with world.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, keyring_of(world.app), State.TO_SEND, clock(), limit)
    assert not lost
    return mails


def settle(world: World, clock: FakeClock, mails: Sequence[DueMail], outcome: Outcome) -> None:
    with world.app.app_context(), writing() as session:
        for mail in mails:
            settling.settle(session, mail, outcome, "relay", clock())


def days(world: World) -> dict[str, int]:
    return world.ends()


def mails_counted(world: World) -> list[int]:
    return [number for (number,) in world.query("SELECT mails FROM mail_marks ORDER BY day, mails")]


def sign(world: World, client: FlaskClient, number: int = 1, email: str = ADDRESS, page: str = "trees") -> None:
    for _ in range(number):
        assert world.sign(client, page, email=email).status_code == 303


def put_away(world: World, seal: Callable[[bytes], bytes]) -> None:
    """Change the only seal that waits."""
    ((before,),) = world.query("SELECT wait_seal FROM transients")
    world.execute("UPDATE transients SET wait_seal = :seal", seal=seal(bytes(before)))


def test_a_claim_writes_the_addresss_fingerprint_under_the_campaigns_own_key(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    sign(world, client, email="Zofia@Example.org")
    assert len(claim(world, clock)) == 1
    key = (keyring_of(world.app).directory / "campaigns" / "1").read_bytes()
    expected = hmac.digest(key, label("dedupe") + ADDRESS.encode(), "sha512")[:32]
    assert [bytes(mark) for (mark,) in world.query("SELECT mark FROM transients")] == [expected]
    assert [(bytes(mark), n) for mark, n in world.query("SELECT mark, mails FROM mail_marks")] == [(expected, 1)]
    assert world.query("SELECT length(key_check) FROM campaigns") == [(8,)]
    assert world.query("SELECT count(*) FROM supporters") == [(0,)]


def test_three_mails_a_day_go_to_an_address_and_the_fourth_signature_is_purged(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    sign(world, client, 5)
    sign(world, client, 1, "another@example.org")
    first = [mail.waiting.email for mail in claim(world, clock)]
    assert sorted(first) == ["another@example.org", *[ADDRESS] * 3]
    assert days(world) == {"capped": 2}
    assert world.query("SELECT count(*) FROM actions") == world.query("SELECT count(*) FROM contacts") == [(4,)]
    sign(world, client)
    assert claim(world, clock) == []
    assert days(world) == {"capped": 3}


def test_the_three_are_those_who_signed_first(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client, 5)
    ids = [action for (action,) in world.query("SELECT id FROM actions ORDER BY id")]
    assert sorted(mail.action_id for mail in claim(world, clock)) == ids[:3]


def test_a_new_day_and_another_campaign_begin_anew(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client, 4)
    settle(world, clock, claim(world, clock), Outcome.SENT)
    clock.forward(days=1)
    sign(world, client, 2)
    assert len(claim(world, clock)) == 2
    world.execute(
        "INSERT INTO campaigns (name, title, status, org_id, counted_at, created_at) "
        "SELECT 'rivers', 'Rivers', status, org_id, counted_at, created_at FROM campaigns"
    )
    world.execute("UPDATE action_pages SET campaign_id = 2 WHERE name = 'trees-partner'")
    sign(world, client, 2, page="trees-partner")
    assert len(claim(world, clock)) == 2
    marks = {bytes(mark) for (mark,) in world.query("SELECT mark FROM mail_marks")}
    assert len(marks) == 2  # one address, and nothing stored says that it is one


def test_a_mail_that_is_tried_again_counts_once(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client, 3)
    for _ in range(4):
        mails = claim(world, clock)
        assert len(mails) == 3
        settle(world, clock, mails, Outcome.CUT)
        clock.forward(minutes=2)
    assert mails_counted(world) == [3]


def test_a_crash_in_the_middle_of_a_claim_counts_nothing(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client, 5)

    def crash() -> None:
        with world.app.app_context(), writing() as session:
            assert len(mailing.claim(session, keyring_of(world.app), State.TO_SEND, clock())[0]) == 3
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert mails_counted(world) == []
    assert days(world) == {}
    assert world.query("SELECT state, mark FROM transients") == [("to_send", None)] * 5
    assert len(claim(world, clock)) == 3


def test_a_worker_that_dies_before_it_sends_has_counted_and_its_mails_still_leave(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    sign(world, client, 3)
    claim(world, clock)
    clock.forward(minutes=11)
    world.run("sweep")
    clock.forward(minutes=11)
    world.run("mail")
    assert [mail["to"] for mail in world.mails()].count(ADDRESS) == 3
    assert mails_counted(world) == [3]


@ON_SQLITE
def test_a_batch_takes_as_many_statements_as_one_mail(world: World, client: FlaskClient, clock: FakeClock) -> None:
    numbers = []
    for size in (1, 12):
        for each in range(size):
            sign(world, client, 1, f"person{size}-{each}@example.org")
        claimed, said = [], []
        with world.app.app_context():

            def note(*args: Any, said: list[str] = said) -> None:
                said.append(args[2])

            db.event.listen(db.engine, "before_cursor_execute", note)
            claimed = claim(world, clock)
            db.event.remove(db.engine, "before_cursor_execute", note)
        assert len(claimed) == size
        numbers.append(len(said))
    assert numbers[1] <= numbers[0] <= 14  # the first one also makes the campaign's key


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda seal: seal[:-1] + bytes([seal[-1] ^ 1]), id="a box that does not open"),
        pytest.param(lambda seal: seal[:8] + bytes(len(seal) - 8), id="nothing in it"),
    ],
)
def test_a_seal_that_names_our_key_and_does_not_open_is_junk(
    world: World, client: FlaskClient, clock: FakeClock, spoil: Callable[[bytes], bytes]
) -> None:
    sign(world, client)
    put_away(world, spoil)
    assert claim(world, clock) == []
    assert days(world) == {"junk": 1}
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]  # no alarm


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("", "Zofia"),
        ("zofia", "Zofia"),
        ("zofia@example.org, other@example.org", "Zofia"),
        ("zofia@example.org\r\nBcc: other@example.org", "Zofia"),
        ("zofia@printer.local", "Zofia"),
        (ADDRESS, ""),
        (["zofia@example.org"], "Zofia"),
        (ADDRESS, 7),
        (ADDRESS, "Buy at www.example.org"),
        (ADDRESS, "<b>Zofia</b>"),
    ],
)
def test_an_address_or_a_name_that_no_form_takes_is_junk(
    world: World, client: FlaskClient, clock: FakeClock, email: Any, name: Any
) -> None:
    sign(world, client)
    with world.app.app_context():
        sealed = waiting_of(world.app).seal(Waiting(email, name, transient_seal.new_token()))
    put_away(world, lambda _: sealed.seal)
    assert claim(world, clock) == []
    assert days(world) == {"junk": 1}


@pytest.mark.parametrize(
    "address",
    [
        *(ADDRESS, "a.b+c_d@sub.example.org", "x--y@example.org", "a@xn--bcher-kva.example", "o'neil@example.org"),
        *("a@b", "a..b@example.org", ".a@example.org", "a@-b.org", "a@b-.org", "A@EXAMPLE.org", "zoë@example.org"),
        *("a@localhost", "a@x.test", "a@b.c", "a b@example.org", f"{'a' * 65}@example.org", "a@bücher.example"),
        *(f"a@{'b' * 64}.org", "a@b_c.org", "a@example.123", "a@example..org", "", "@example.org", "a@"),
        f"a@{'.'.join(['b' * 60] * 5)}.org",
    ],
)
def test_the_quick_look_at_an_address_says_what_the_form_says(address: str) -> None:
    try:
        is_taken = bool(address) and text.email(address) == address
    except text.Refused:
        is_taken = False
    assert text.is_email(address) is is_taken


def test_a_seal_to_another_hosts_key_is_left_for_that_host(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client)
    put_away(world, lambda seal: (99).to_bytes(8, "big") + seal[8:])
    with world.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, keyring_of(world.app), State.TO_SEND, clock())
    assert (mails, len(lost)) == ([], 1)
    assert world.query("SELECT state, mark FROM transients") == [("to_send", None)]
    assert days(world) == {}


@ON_SQLITE
def test_without_its_campaigns_key_that_campaign_alone_waits(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    sign(world, client)
    settle(world, clock, claim(world, clock), Outcome.SENT)
    world.execute(
        "INSERT INTO campaigns (name, title, status, org_id, counted_at, created_at) "
        "SELECT 'rivers', 'Rivers', status, org_id, counted_at, created_at FROM campaigns"
    )
    world.execute("UPDATE action_pages SET campaign_id = 2 WHERE name = 'trees-partner'")
    key = keyring_of(world.app).directory / "campaigns" / "1"
    key.write_bytes(bytes(32))  # another file is no better than none
    sign(world, client)
    sign(world, client, page="trees-partner")
    assert len(claim(world, clock)) == 1
    assert sorted(world.query("SELECT state, mark IS NULL FROM transients")) == [
        ("sending", False),
        ("to_send", True),
        ("waiting", False),
    ]
    world.run("sweep")
    assert world.query("SELECT count(*) FROM outbox WHERE once LIKE '%campaign-key%'") == [(1,)]


def test_who_has_signed_gets_the_mail_in_other_words_and_is_counted_once(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    for _ in range(2):
        sign(world, client)
        world.run("mail")
        assert client.post(world.link()).status_code == 303
        world.run("release", "mail")
        clock.forward(minutes=1)
    subjects = [mail["subject"] for mail in world.mails()]
    assert subjects[0].startswith("Please confirm: ")
    assert subjects[2].startswith("You have signed already: ")
    again = world.mails()[2]
    for part in ("text", "html"):
        assert "This address has signed already" in again[part]
        assert "Your signature is not counted until" not in again[part]
    assert subjects[3].startswith("You had already signed: ")
    assert world.query("SELECT supporter_count FROM campaigns") == [(1,)]
    assert client.get("/p/trees/count.json").json["count"] == 1


def test_a_test_signature_makes_nobody_known(world: World, client: FlaskClient, clock: FakeClock) -> None:
    assert world.sign(client, query="?testing=true").status_code == 303
    world.run("mail")
    client.post(world.link())
    world.run("mail")
    sign(world, client)
    (mail,) = claim(world, clock)
    assert not mail.repeat


def test_marks_older_than_yesterday_go_with_the_sweep(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client)
    claim(world, clock)
    for forward, left in ((1, 1), (1, 0)):
        clock.forward(days=forward)
        world.run("mails a day")
        assert len(mails_counted(world)) == left


@pytest.mark.parametrize("end", ["forget", "new-key"])
def test_marks_and_blocks_end_with_the_campaigns_fingerprints(
    world: World, client: FlaskClient, clock: FakeClock, end: str
) -> None:
    sign(world, client)
    token = waiting_token(world)
    world.run("mail")
    client.post(f"{confirm_path(token)}/reject")
    sign(world, client, email="another@example.org")
    world.run("mail")
    assert world.query("SELECT count(*) FROM blocks") == [(1,)]
    with world.app.app_context(), writing() as session:
        if end == "new-key":
            fingerprints.start_anew(session, 1, clock())
        else:
            fingerprints.forget(session, 1)
    assert world.query("SELECT count(*) FROM blocks") == world.query("SELECT count(*) FROM mail_marks") == [(0,)]
    assert world.query("SELECT mark FROM transients") == [(None,)]


# Where nobody is asked to confirm


@pytest.fixture
def unasked(world: World) -> FlaskClient:
    """A browser on a page that asks nobody to confirm, while no worker runs."""
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    return worker.alone(world.app)


def test_over_the_cap_there_is_no_thank_you_and_every_signature_counts(world: World, unasked: FlaskClient) -> None:
    sign(world, unasked, 5)
    world.run()
    assert len(world.mails()) == 3
    assert world.query("SELECT count(*) FROM actions WHERE status = 'accepted'") == [(5,)]
    assert world.query("SELECT supporter_count, unconfirmed_count FROM campaigns") == [(5, 5)]
    assert world.query("SELECT count(*) FROM transients") == world.query("SELECT count(*) FROM supporters") == [(0,)]


def test_who_said_no_signs_nothing_where_nobody_is_asked(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client)
    token = waiting_token(world)
    world.run("mail")
    client.post(f"{confirm_path(token)}/reject")
    world.execute("UPDATE action_pages SET double_opt_in = false")
    sign(world, worker.alone(world.app))
    sign(world, worker.alone(world.app), email="another@example.org")
    world.run()
    assert days(world) == {"rejected": 1, "blocked": 1, "confirmed": 1}
    assert [mail["to"] for mail in world.mails()] == [ADDRESS, "another@example.org"]


def test_junk_is_purged_where_nobody_is_asked(world: World, unasked: FlaskClient) -> None:
    sign(world, unasked)
    put_away(world, lambda seal: seal[:-1] + bytes([seal[-1] ^ 1]))
    world.run("accept")
    assert days(world) == {"junk": 1}
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]


def test_without_its_key_a_campaign_that_asks_nobody_waits(world: World, unasked: FlaskClient) -> None:
    sign(world, unasked)
    world.run("accept")
    (keyring_of(world.app).directory / "campaigns" / "1").unlink()
    sign(world, unasked)
    world.run("accept")
    assert world.query("SELECT count(*) FROM transients WHERE state = 'to_accept'") == [(1,)]
    with world.app.app_context(), reading() as session:
        assert fingerprints.lacking(session, keyring_of(world.app)) == [1]


def test_the_mark_goes_with_the_acceptance(world: World, client: FlaskClient, clock: FakeClock) -> None:
    sign(world, client)
    world.run("mail")
    client.post(world.link())
    assert world.query("SELECT state, mark FROM transients") == [("thanks_to_send", None)]
