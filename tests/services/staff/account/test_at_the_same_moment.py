"""Two at the same moment: one link changes a password once, a change of address is made once, and tries are counted."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import text

from proca_web.adapters.database import writing
from tests.blueprints.console.account.person import OWNER, Person, links
from tests.databases import ON_BOTH, ON_POSTGRES
from tests.factories import World, form_token

PASSWORDS = ("quiet bridge over seven lakes", "seven green doors at noon")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each comes to, begun at the same moment."""
    answers: list[Any] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        ready.wait()
        answers[place] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def posts(world: World, paths: Iterable[tuple[str, str]], **fields: list[str]) -> list[int]:
    """The same form, sent by several people at once; each has opened a page with a form before."""
    acts = []
    for number, (path, form_at) in enumerate(paths):
        person = Person(world, address=f"192.0.2.{number + 1}")
        sent = {name: values[number] for name, values in fields.items()}
        sent["csrf_token"] = form_token(person.client, form_at)
        acts.append(lambda person=person, path=path, sent=sent: person.client.post(path, data=sent).status_code)
    return at_once(*acts)


@ON_BOTH
def test_of_two_who_press_the_same_link_one_changes_the_password(world: World) -> None:
    person = Person(world)
    person.post("/forgot", "/forgot", email=OWNER)
    (link,) = links(world)
    answers = posts(world, [(link, link)] * 2, password=list(PASSWORDS))
    assert sorted(answers) == [303, 410]
    assert Person(world).sign_in(PASSWORDS[answers.index(303)]).status_code == 303
    assert Person(world).sign_in(PASSWORDS[answers.index(410)]).status_code == 422


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def while_held(world: World, held: str, number: int, act: Callable[[], list[int]]) -> list[int]:
    """What comes of it when so many had to wait for these rows, having read whatever they read before."""
    with ThreadPoolExecutor(1) as pool:
        with world.app.app_context(), writing() as session:
            session.execute(text(held))
            answers = pool.submit(act)
            while world.query(WAITING) != [(number,)]:
                assert not answers.done()
        return answers.result()


@ON_POSTGRES
def test_whoever_had_to_wait_for_the_account_looks_at_the_link_again(world: World) -> None:
    """SQLite has one writer anyway."""
    Person(world).post("/forgot", "/forgot", email=OWNER)
    (link,) = links(world)
    pressed = partial(posts, world, [(link, link)] * 2, password=list(PASSWORDS))
    assert sorted(while_held(world, "SELECT id FROM users FOR UPDATE", 2, pressed)) == [303, 410]


@ON_POSTGRES
def test_whoever_had_to_wait_for_a_count_counts_on(world: World) -> None:
    assert Person(world).sign_in("wrong").status_code == 422
    world.execute("UPDATE sign_in_tries SET tries = 8")
    tried = partial(posts, world, [("/login", "/login")] * 3, email=[OWNER] * 3, password=["wrong"] * 3)
    answers = while_held(world, "SELECT who FROM sign_in_tries FOR UPDATE", 3, tried)
    assert sorted(answers) == [422] * 2 + [429]


@ON_BOTH
def test_both_mailboxes_may_say_yes_at_the_same_moment(world: World) -> None:
    person, wanted = Person(world), "anna@org-one.example.org"
    person.sign_in()
    person.act("/account/address", email=wanted)
    both = [*links(world), *links(world, wanted)]
    assert posts(world, [(link, link) for link in both]) == [303, 303]
    assert world.query("SELECT count(*) FROM users WHERE email = :email", email=wanted) == [(1,)]


@ON_BOTH
def test_tries_at_the_same_moment_are_counted_one_by_one(world: World) -> None:
    answers = posts(world, [("/login", "/login")] * 12, email=[OWNER] * 12, password=["wrong"] * 12)
    assert sorted(answers) == [422] * 10 + [429] * 2
