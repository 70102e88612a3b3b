"""Name, language and a new password."""

import pytest

from tests.blueprints.console.account.person import NEW, OWNER, Person, events, mails
from tests.factories import PASSWORD, World


def change(person: Person, present: str = PASSWORD, password: str = NEW):
    return person.post("/account/password", "/account/password", present=present, password=password)


def test_a_new_password_ends_all_other_sessions_and_is_told(person: Person, world: World) -> None:
    other = Person(world)
    other.sign_in()
    assert change(person).status_code == 303
    assert "signed out everywhere else" in person.get("/account/").text
    assert not other.is_in()
    assert Person(world).sign_in().status_code == 422
    assert Person(world).sign_in(NEW).status_code == 303
    assert len(mails(world, about="password")) == 1
    assert "account-password" in events(world)


@pytest.mark.parametrize(
    ("present", "password", "said"),
    [
        ("not the present one", NEW, "not your present password"),
        ("", NEW, "not your present password"),
        (PASSWORD, "too short", "shorter than 12 characters"),
        (PASSWORD, "qwerty123456", "100,000 most common"),
        (PASSWORD, "Admin-org-one", "your name, your address"),
        (PASSWORD, "x" * 129, "longer than 128"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    person: Person, world: World, present: str, password: str, said: str
) -> None:
    answer = change(person, present, password)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Error:" in answer.text
    assert NEW not in answer.text
    assert Person(world).sign_in().status_code == 303


def test_who_sits_at_somebody_elses_session_cannot_guess_the_password_for_long(person: Person) -> None:
    assert [change(person, "wrong").status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_name_and_a_language_are_saved(person: Person, world: World) -> None:
    assert person.act("/account/", name="  Anna   Berg ", locale="en").status_code == 303
    assert world.query("SELECT name, locale FROM users WHERE email = :email", email=OWNER) == [("Anna Berg", "en")]
    page = person.get("/console/org-one/").text
    assert '<span class="on-desk">Anna Berg</span>' in page
    assert person.act("/account/", name="Anna Berg", locale="").status_code == 303
    assert events(world).count("account-name") == 1


@pytest.mark.parametrize(
    ("name", "locale", "said"),
    [("www.example.org", "", "cannot hold a web address"), ("Anna", "xx", "choose one of these languages")],
)
def test_a_name_or_language_that_is_none_is_shown_again(person: Person, name: str, locale: str, said: str) -> None:
    answer = person.act("/account/", name=name, locale=locale)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{name}"' in answer.text


def test_the_console_speaks_the_language_of_its_reader(
    person: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No catalogue but the English one exists yet: what shows is the language's tag, and how it writes dates."""
    for room in ("services.staff.account.profile", "web.login", "web.presentation"):
        monkeypatch.setattr(f"proca_web.{room}.STAFF_LANGUAGES", ("en", "de"))
    assert '<html lang="en"' in person.get("/console/org-one/").text
    assert person.act("/account/", name="", locale="de").status_code == 303
    assert '<html lang="de"' in person.get("/console/org-one/").text
    stranger = world.app.test_client()
    assert '<html lang="de"' in stranger.get("/login", headers={"Accept-Language": "de-AT,en;q=0.5"}).text
    assert '<html lang="en"' in stranger.get("/login", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en"' in stranger.get("/", headers={"Accept-Language": "de"}).text


def test_who_belongs_to_no_organisation_still_has_their_account(person: Person, world: World) -> None:
    world.execute("DELETE FROM memberships WHERE user_id = (SELECT id FROM users WHERE email = :email)", email=OWNER)
    page = person.get("/account/")
    assert page.status_code == 200
    assert "Your account" in page.text
    assert change(person).status_code == 303
