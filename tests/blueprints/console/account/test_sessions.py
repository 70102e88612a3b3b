"""Where somebody is signed in: how long it lasts, what ends it, and that a stolen cookie is soon worth nothing."""

from datetime import timedelta

import pytest

from tests.blueprints.console.account.person import NEW, OWNER, Person, events, mails
from tests.factories import PASSWORD, FakeClock, World, form_token


def test_idle_sessions_end_after_half_an_hour(person: Person, clock: FakeClock) -> None:
    clock.forward(minutes=29, seconds=59)
    assert person.is_in()
    clock.forward(minutes=30)
    assert not person.is_in()


def test_every_session_ends_after_twelve_hours(person: Person, clock: FakeClock) -> None:
    began = clock()
    while clock() < began + timedelta(hours=11, minutes=40):
        clock.forward(minutes=20)
        assert person.is_in()
    clock.moment = began + timedelta(hours=11, minutes=59, seconds=59)
    assert person.is_in()
    clock.moment = began + timedelta(hours=12)
    assert not person.is_in()


@pytest.mark.parametrize(("back", "is_in"), [({"seconds": 90}, True), ({"minutes": 6}, False)])
def test_a_clock_that_is_set_back_prolongs_no_session(
    person: Person, clock: FakeClock, back: dict[str, float], *, is_in: bool
) -> None:
    clock.forward(minutes=20)
    assert person.is_in()
    clock.moment -= timedelta(**back)
    assert person.is_in() is is_in


def test_a_page_that_polls_keeps_nobody_signed_in(person: Person, clock: FakeClock) -> None:
    for _ in range(6):
        clock.forward(minutes=5)
        answer = person.client.get("/console/org-one/", headers={"HX-Trigger": "poll"})
    assert answer.status_code == 303
    assert not person.is_in()


def test_a_person_sees_where_they_are_signed_in(person: Person, world: World) -> None:
    Person(world, address="2001:db8:1:2::7").sign_in()
    page = person.get("/account/").text
    assert page.count("Firefox, Linux</strong>") == 2
    assert "203.0.113.0/24" in page
    assert "2001:db8:1::/48" in page
    assert page.count("Here</span>") == 1


def place_of(world: World, newest: int = 0) -> str:
    return str(world.query("SELECT id FROM staff_sessions ORDER BY id DESC")[newest][0])


def test_one_session_is_ended_and_the_others_stay(person: Person, world: World) -> None:
    other, third = Person(world), Person(world)
    assert [each.sign_in().status_code for each in (other, third)] == [303, 303]
    assert person.act("/account/sessions", end=place_of(world, 1)).status_code == 303
    assert [each.is_in() for each in (person, other, third)] == [True, False, True]
    assert events(world)[-1] == "account-sessions-end"


def test_somebody_else_is_put_out_and_a_new_password_asked_for(person: Person, world: World) -> None:
    other = Person(world)
    other.sign_in()
    answer = person.act("/account/sessions", not_me=place_of(world))
    assert answer.headers["Location"] == "/account/password"
    assert "choose a new password now" in person.get("/account/password").text
    assert (person.is_in(), other.is_in()) == (True, False)


def test_all_other_sessions_are_ended_at_once(person: Person, world: World) -> None:
    others = [Person(world), Person(world)]
    for other in others:
        other.sign_in()
    assert (
        "2 sessions have ended"
        in person.client.get(person.act("/account/sessions", end="others").headers["Location"].partition("#")[0]).text
    )
    assert [each.is_in() for each in (person, *others)] == [True, False, False]


def test_nobody_ends_the_session_of_somebody_else(person: Person, world: World) -> None:
    stranger = Person(world, "admin@org-two.example.org")
    stranger.sign_in()
    for asked in (place_of(world), "0", "nonsense", "9" * 30, ""):
        assert person.act("/account/sessions", end=asked).status_code == 303
    assert stranger.is_in()


def test_signing_out_ends_every_session_of_that_person(person: Person, world: World) -> None:
    other, stranger = Person(world), Person(world, "admin@org-two.example.org")
    other.sign_in()
    stranger.sign_in()
    assert person.act("/logout").status_code == 303
    assert [each.is_in() for each in (person, other, stranger)] == [False, False, True]


def test_what_is_sent_from_another_tab_after_signing_out_does_nothing(person: Person, world: World) -> None:
    token = form_token(person.client, "/account/")
    person.act("/logout")
    answer = person.client.post("/account/", data={"csrf_token": token, "name": "Mallory"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert world.query("SELECT name FROM users WHERE email = :email", email=OWNER) == [("",)]


def test_the_back_button_shows_nothing_after_signing_out(person: Person) -> None:
    for path in ("/account/", "/account/password", "/console/org-one/"):
        assert person.get(path).headers["Cache-Control"] == "no-store"


def cookie_of(person: Person) -> str:
    cookie = person.client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def with_cookie(world: World, value: str) -> Person:
    thief = Person(world, address="198.51.100.9")
    thief.client.set_cookie("session", value)
    return thief


def test_a_cookie_from_before_signing_in_is_worth_nothing_after(world: World, clock: FakeClock) -> None:
    victim = Person(world)
    victim.get("/login")
    planted = cookie_of(victim)
    assert victim.sign_in().status_code == 303
    assert cookie_of(victim) != planted
    assert not with_cookie(world, planted).is_in()


def test_a_stolen_cookie_is_worth_nothing_after_a_new_password(person: Person, world: World) -> None:
    thief = with_cookie(world, cookie_of(person))
    assert thief.is_in()
    assert person.post("/account/password", "/account/password", present=PASSWORD, password=NEW).status_code == 303
    assert person.is_in()
    assert not thief.is_in()


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(person: Person, world: World) -> None:
    thief = with_cookie(world, cookie_of(person))
    person.act("/logout")
    assert not thief.is_in()


def test_sessions_that_are_over_are_swept_away(person: Person, world: World, clock: FakeClock) -> None:
    clock.forward(minutes=10)
    Person(world).sign_in()
    clock.forward(minutes=25)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM staff_sessions") == [(1,)]


def test_a_browser_that_is_new_to_the_account_is_told_to_its_holder(person: Person, world: World) -> None:
    assert mails(world, about="new sign-in") == []
    assert person.act("/logout").status_code == 303
    person.sign_in()
    assert mails(world, about="new sign-in") == []
    Person(world, address="198.51.100.9").sign_in()
    (told,) = mails(world, about="new sign-in")
    assert "Firefox, Linux, from 198.51.100.0/24" in told


def test_signing_in_is_written_down_without_what_opens_anything(person: Person, world: World) -> None:
    ((detail,),) = world.query("SELECT detail FROM audit_entries WHERE event = 'account-sign-in'")
    assert detail == '{"device": "Firefox, Linux", "network": "203.0.113.0/24"}'
