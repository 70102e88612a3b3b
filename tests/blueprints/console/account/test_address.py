"""Another mail address: both mailboxes say yes within a day, or nothing changes."""

import pytest

from tests.blueprints.console.account.person import NEW, OWNER, Person, events, links, mails
from tests.factories import PASSWORD, FakeClock, World

WANTED = "anna.berg@org-one.example.org"


@pytest.fixture
def mailed(person: Person, world: World) -> tuple[str, str]:
    """The links of the old and of the new mailbox."""
    assert person.act("/account/address", email=f" {WANTED.upper()} ").status_code == 303
    (old,), (new,) = links(world), links(world, WANTED)
    return old, new


def address(world: World) -> str:
    ((email,),) = world.query("SELECT email FROM users WHERE id = (SELECT min(user_id) FROM account_links)")
    return str(email)


def press(world: World, link: str, how: str = ""):
    mailbox = Person(world)
    return mailbox.post(link + how)


@pytest.mark.parametrize("turn", [1, -1], ids=["old first", "new first"])
def test_both_mailboxes_say_yes_and_then_it_changes(
    person: Person, world: World, mailed: tuple[str, str], turn: int
) -> None:
    first, second = mailed[::turn]
    assert "to say yes" in person.get(first).text
    assert press(world, first).status_code == 303
    assert address(world) == OWNER
    assert "answered yes" in person.get("/account/").text
    assert press(world, first).status_code == 303
    assert address(world) == OWNER
    assert press(world, second).status_code == 303
    assert address(world) == WANTED
    assert "is changed" in person.get(second).text
    assert press(world, second).status_code == 303
    assert person.is_in()
    assert Person(world).sign_in().status_code == 422
    assert Person(world, WANTED).sign_in().status_code == 303
    assert "account-address" in events(world)


@pytest.mark.parametrize("who", [0, 1], ids=["old", "new"])
def test_either_mailbox_may_say_no(person: Person, world: World, mailed: tuple[str, str], who: int) -> None:
    assert press(world, mailed[1 - who]).status_code == 303
    answer = press(world, mailed[who], "/refuse")
    assert answer.status_code == 200
    assert "stays as it is" in answer.text
    assert ("somebody else is signed in to your account" in answer.text) is (who == 0)
    assert [person.get(link).status_code for link in mailed] == [410, 410]
    assert address(world) == OWNER
    assert "New address" in person.get("/account/").text


def test_a_yes_can_be_taken_back_while_the_other_is_missing(world: World, mailed: tuple[str, str]) -> None:
    press(world, mailed[0])
    assert press(world, mailed[0], "/refuse").status_code == 200
    assert Person(world).get(mailed[1]).status_code == 410


def test_after_it_changed_nobody_says_no(world: World, mailed: tuple[str, str], person: Person) -> None:
    for link in mailed:
        press(world, link)
    assert person.act(f"{mailed[0]}/refuse").status_code == 410
    assert address(world) == WANTED


def test_it_waits_for_a_day(person: Person, world: World, clock: FakeClock, mailed: tuple[str, str]) -> None:
    press(world, mailed[0])
    clock.forward(hours=23, minutes=59)
    assert Person(world).get(mailed[1]).status_code == 200
    clock.forward(minutes=1)
    assert Person(world).get(mailed[1]).status_code == 410


def test_leaving_it_as_it_is_or_asking_for_another_ends_it(
    person: Person, world: World, mailed: tuple[str, str]
) -> None:
    assert WANTED in person.get("/account/").text
    assert person.act("/account/address/stop").status_code == 303
    assert WANTED not in person.get("/account/").text
    assert person.get(mailed[0]).status_code == 410
    person.act("/account/address", email=WANTED)
    person.act("/account/address", email="another@org-one.example.org")
    assert person.get(links(world)[-2]).status_code == 410
    assert person.get(links(world)[-1]).status_code == 200


def test_a_new_password_ends_it(person: Person, world: World, mailed: tuple[str, str]) -> None:
    assert person.post("/account/password", "/account/password", present=PASSWORD, password=NEW).status_code == 303
    assert [person.get(link).status_code for link in mailed] == [410, 410]


def test_the_mails_come_again_where_no_answer_came(
    person: Person, world: World, clock: FakeClock, mailed: tuple[str, str]
) -> None:
    press(world, mailed[0])
    clock.forward(minutes=5)
    assert person.act("/account/address/again").status_code == 303
    assert len(mails(world, WANTED)) == 2
    assert len(mails(world, about="mail address")) == 1
    assert links(world, WANTED) == [mailed[1]] * 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "write the new address"),
        ("nonsense", "one e-mail address"),
        ("ADMIN@org-one.example.org", "your address already"),
        ("a@example.org, b@example.org", "one e-mail address"),
    ],
)
def test_what_is_no_new_address_is_said(person: Person, world: World, typed: str, said: str) -> None:
    answer = person.act("/account/address", email=typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]


def test_who_has_an_account_is_told_to_that_mailbox_alone(person: Person, world: World) -> None:
    taken = "admin@org-two.example.org"
    assert person.act("/account/address", email=taken).status_code == 303
    (old,), (new,) = links(world), links(world, taken)
    assert press(world, old).status_code == 303
    answer = press(world, new)
    assert answer.status_code == 422
    assert "another account with this address" in answer.text
    assert address(world) == OWNER


def test_a_link_of_one_kind_opens_no_other(person: Person, world: World, mailed: tuple[str, str]) -> None:
    person.post("/forgot", "/forgot", email=OWNER)
    reset = links(world)[-1]
    assert reset.startswith("/reset/")
    token, other = reset.rpartition("/")[2], mailed[0].rpartition("/")[2]
    assert person.get(f"/account/address/{token}").status_code == 410
    assert person.get(f"/reset/{other}").status_code == 410
