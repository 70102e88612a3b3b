"""Who guesses waits, longer each time; nobody makes others wait who come from where they always do."""

import pytest

from tests.blueprints.console.account.person import OWNER, Person, events, mails
from tests.factories import PASSWORD, FakeClock, World

ATTACKERS = "198.51.100.9"


@pytest.fixture(autouse=True)
def hours(clock: FakeClock) -> FakeClock:
    """A clock that tests move past the minute's limit of a network."""
    return clock


def used(world: World, email: str = OWNER) -> Person:
    """A browser that somebody has signed in with, and out again."""
    person = Person(world, email)
    assert person.sign_in().status_code == 303
    assert person.act("/logout").status_code == 303
    return person


def guess(world: World, clock: FakeClock, times: int, email: str = OWNER) -> list[int]:
    """So many wrong passwords, each from another network."""
    people = [Person(world, email, f"198.51.100.{number + 1}") for number in range(times)]
    return [person.sign_in("wrong").status_code for person in people]


@pytest.mark.parametrize("email", [OWNER, "nobody@example.org"])
def test_after_ten_in_a_row_each_try_waits_longer(world: World, clock: FakeClock, email: str) -> None:
    assert guess(world, clock, 11, email) == [422] * 10 + [429]
    waits = []
    for _ in range(8):
        answer = Person(world, email, ATTACKERS).sign_in("wrong")
        assert answer.status_code == 429
        assert "Please wait" in answer.text
        assert f'value="{email}"' in answer.text
        waits.append(int(answer.headers["Retry-After"]))
        clock.forward(seconds=waits[-1])
        assert Person(world, email, ATTACKERS).sign_in("wrong").status_code == 422
    assert waits == [16, 31, 61, 121, 241, 481, 901, 901]


def test_the_right_password_waits_too_where_nobody_is_known(world: World, clock: FakeClock) -> None:
    guess(world, clock, 10)
    assert Person(world, address=ATTACKERS).sign_in().status_code == 429


@pytest.mark.parametrize("by", ["browser", "network"])
def test_whoever_comes_as_always_is_not_held_up_by_others(world: World, clock: FakeClock, by: str) -> None:
    person = used(world)
    guess(world, clock, 11)
    if by == "browser":
        person.address = "192.0.2.77"
    else:
        person = Person(world)
    assert person.sign_in("wrong").status_code == 422
    assert person.sign_in().status_code == 303


def test_a_stolen_browser_guesses_no_faster(world: World, clock: FakeClock) -> None:
    person = used(world)
    for number in range(10):
        person.address = f"192.0.2.{number + 1}"
        assert person.sign_in("wrong").status_code == 422
    answer = person.sign_in("wrong")
    assert answer.status_code == 429
    assert "you need not wait" not in answer.text


def test_another_accounts_browser_is_not_known(world: World, clock: FakeClock) -> None:
    mallory = used(world, "admin@org-two.example.org")
    guess(world, clock, 11)
    assert mallory.sign_in(email=OWNER).status_code == 429


def test_one_network_waits_for_all_accounts_it_tries(world: World, clock: FakeClock) -> None:
    answers = []
    for number in range(31):
        clock.forward(seconds=7)
        answers.append(Person(world, f"nobody-{number}@example.org", ATTACKERS).sign_in("wrong").status_code)
    assert answers == [422] * 30 + [429]
    assert Person(world, address="192.0.2.4").sign_in().status_code == 303


def test_success_forgets_the_tries(world: World, clock: FakeClock) -> None:
    guess(world, clock, 9)
    assert Person(world, address="192.0.2.4").sign_in().status_code == 303
    assert guess(world, clock, 11) == [422] * 10 + [429]


def test_tries_fall_with_time_and_are_swept_away(world: World, clock: FakeClock) -> None:
    guess(world, clock, 10)
    clock.forward(minutes=31)
    assert guess(world, clock, 2) == [422, 429]
    clock.forward(hours=6)
    assert guess(world, clock, 11) == [422] * 10 + [429]
    assert world.query("SELECT count(*) > 5 FROM sign_in_tries") == [(1,)]
    clock.forward(days=7, minutes=1)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM sign_in_tries") == [(0,)]


def test_a_clock_that_is_set_back_holds_up_nobody(world: World, clock: FakeClock) -> None:
    guess(world, clock, 11)
    clock.forward(hours=-5)
    assert Person(world, address=ATTACKERS).sign_in().status_code == 303


def test_the_holder_hears_of_ten_wrong_passwords_once_a_day(world: World, clock: FakeClock) -> None:
    clock.moment = clock.moment.replace(hour=8)
    guess(world, clock, 9)
    assert mails(world, about="Wrong passwords") == []
    Person(world, address=ATTACKERS).sign_in("wrong")
    assert len(mails(world, about="Wrong passwords")) == 1
    assert events(world) == ["account-tries"]
    for _ in range(2):
        clock.forward(hours=2)
        guess(world, clock, 11)
    assert len(mails(world, about="Wrong passwords")) == 1
    clock.forward(days=1)
    guess(world, clock, 11)
    assert len(mails(world, about="Wrong passwords")) == 2


def test_nobody_hears_of_tries_at_an_address_without_account(world: World, clock: FakeClock) -> None:
    guess(world, clock, 11, "nobody@example.org")
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]


def test_no_address_and_no_network_stands_with_the_tries(world: World, clock: FakeClock) -> None:
    Person(world, address=ATTACKERS).sign_in("wrong")
    Person(world).sign_in()
    rows = repr(world.query("SELECT * FROM sign_in_tries")) + repr(world.query("SELECT * FROM devices"))
    assert OWNER not in rows
    assert ATTACKERS not in rows
    assert "203.0.113" not in rows


def test_a_browser_that_two_people_share_has_a_mark_for_each(world: World, clock: FakeClock) -> None:
    person = used(world)
    person.sign_in(email="admin@org-two.example.org")
    marks = [bytes(mark) for (mark,) in world.query("SELECT mark FROM devices")]
    assert len(marks) == len(set(marks)) == 4


def test_mails_for_new_passwords_wait_too_but_not_for_whom_is_known(world: World, clock: FakeClock) -> None:
    person = used(world)
    mallory = [Person(world, address=f"198.51.100.{number}") for number in range(1, 5)]
    answers = [each.post("/forgot", "/forgot", email=OWNER) for each in mallory]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert int(answers[-1].headers["Retry-After"]) == 121
    person.address = "192.0.2.77"
    assert person.post("/forgot", "/forgot", email=OWNER).status_code == 303
    assert Person(world).post("/forgot", "/forgot", email=OWNER).status_code == 303


def test_a_locked_account_is_said_to_be_so_to_whom_knows_the_password(world: World, clock: FakeClock) -> None:
    world.execute("UPDATE users SET locked_at = :now WHERE email = :email", now=clock(), email=OWNER)
    assert "account is locked" not in Person(world).sign_in("wrong").text
    answer = Person(world).sign_in(PASSWORD)
    assert (answer.status_code, "account is locked" in answer.text) == (422, True)
