"""Roles given and taken, people removed and leaving: by whom, in which order, and two of them at the same moment."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.errors import RightGone, StaffRefused
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Membership, Org, User
from proca_web.services.staff import members, people
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import World, password_hash
from tests.services.racing import Act, run_against

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANNA = "admin@org-one.example.org"
ROLES = (StaffRole.OWNER, StaffRole.CAMPAIGNER, StaffRole.EXPORTER)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def address(role: str, number: int = 0) -> str:
    return f"{role}{number or ''}@org-one.example.org"


@pytest.fixture
def staffed(world: World) -> World:
    """org-one with its first owner, a second one, a campaigner and an exporter."""
    with world.app.app_context(), writing() as session:
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        for role in ROLES:
            people.add_user(session, address(role), password_hash(), org, role, NOW)
    return world


@pytest.fixture
def session(staffed: World) -> Iterator[Session]:
    with staffed.app.app_context(), writing() as session:
        yield session


def org_id(session: Session) -> int:
    return session.scalars(select(Org.id).where(Org.name == "org-one")).one()


def user_id(session: Session, email: str) -> int:
    return session.scalars(select(User.id).where(User.email == email)).one()


def give(session: Session, actor: str, whom: str, role: StaffRole) -> None:
    members.change_role(session, org_id(session), user_id(session, actor), user_id(session, whom), role, NOW)


def take_off(session: Session, actor: str, whom: str) -> None:
    members.remove(session, org_id(session), user_id(session, actor), user_id(session, whom), NOW)


def roles(world: World) -> dict[str, str]:
    found = world.query(
        "SELECT email, role FROM memberships JOIN users ON users.id = user_id JOIN orgs ON orgs.id = org_id "
        "WHERE orgs.name = 'org-one'"
    )
    return dict(map(tuple, found))


@ON_SQLITE
def test_an_owner_gives_another_role_which_is_recorded_and_told_to_whom_it_is_about(staffed: World) -> None:
    with staffed.app.app_context(), writing() as session:
        give(session, ANNA, address("campaigner"), StaffRole.EXPORTER)
    assert roles(staffed)[address("campaigner")] == "exporter"
    ((event, detail),) = staffed.query("SELECT event, detail FROM audit_entries ORDER BY id DESC LIMIT 1")
    said = json.loads(detail)
    assert (event, said["person"], said["before"], said["after"]) == (
        *("people-role-change", address("campaigner")),
        *("campaigner", "exporter"),
    )
    told = "SELECT kind, email FROM outbox JOIN users ON users.id = user_id".replace("email", "users.email")
    assert [tuple(row) for row in staffed.query(told)] == [("people-role-change", address("campaigner"))]


@ON_SQLITE
def test_the_same_role_again_leaves_no_trace(staffed: World) -> None:
    with staffed.app.app_context(), writing() as session:
        give(session, ANNA, address("campaigner"), StaffRole.CAMPAIGNER)
    assert staffed.query("SELECT count(*) FROM audit_entries WHERE event LIKE 'people-%'") == [(0,)]
    assert staffed.query("SELECT count(*) FROM outbox") == [(0,)]


@ON_SQLITE
@pytest.mark.parametrize("actor", [address("campaigner"), address("exporter"), "admin@org-two.example.org"])
def test_who_does_not_hold_people_gives_and_takes_nothing(session: Session, actor: str) -> None:
    with pytest.raises(RightGone, match="may not do this any more"):
        give(session, actor, address("exporter"), StaffRole.VIEWER)
    with pytest.raises(RightGone):
        take_off(session, actor, address("exporter"))


@ON_SQLITE
def test_nobody_gives_a_role_of_whoever_runs_the_site(session: Session) -> None:
    with pytest.raises(RightGone, match="only what you have yourself"):
        give(session, ANNA, address("exporter"), StaffRole.OPERATOR)


@ON_SQLITE
def test_who_is_gone_already_is_said_to_be(session: Session) -> None:
    take_off(session, ANNA, address("exporter"))
    session.flush()
    for act in (
        lambda: take_off(session, ANNA, address("exporter")),
        lambda: give(session, ANNA, "operator@example.org", StaffRole.VIEWER),
    ):
        with pytest.raises(StaffRefused, match="not a member any more"):
            act()


LAST: dict[str, Callable[[Session], object]] = {
    "gets a smaller role": lambda session: give(session, ANNA, ANNA, StaffRole.VIEWER),
    "is removed": lambda session: take_off(session, ANNA, ANNA),
    "leaves": lambda session: members.leave(session, org_id(session), user_id(session, ANNA), NOW),
}


@ON_SQLITE
@pytest.mark.parametrize("act", LAST.values(), ids=LAST)
def test_an_org_keeps_an_owner(session: Session, act: Callable[[Session], object]) -> None:
    take_off(session, ANNA, address("owner"))
    session.flush()
    with pytest.raises(StaffRefused, match="last owner of Org One") as refused:
        act(session)
    assert "Make somebody else an owner first" in refused.value.message.text


@ON_SQLITE
def test_an_owner_among_two_may_leave_and_the_account_stays(staffed: World) -> None:
    with staffed.app.app_context(), writing() as session:
        members.leave(session, org_id(session), user_id(session, ANNA), NOW)
    assert ANNA not in roles(staffed)
    assert staffed.query("SELECT count(*) FROM users WHERE email = :email", email=ANNA) == [(1,)]
    assert staffed.query("SELECT event FROM audit_entries WHERE event LIKE 'people-%'") == [("people-leave",)]


@ON_SQLITE
def test_the_list_says_who_has_a_second_step_and_who_is_the_last_owner(session: Session) -> None:
    take_off(session, ANNA, address("owner"))
    exporter = user_id(session, address("exporter"))
    session.connection().exec_driver_sql(
        "INSERT INTO totp_factors (user_id, seal, created_at) VALUES (?, x'00', ?)",
        (exporter, str(NOW)),
    )
    session.flush()
    found = {member.email: member for member in members.of_org(session, org_id(session))}
    assert [email for email, member in found.items() if member.has_second_step] == [address("exporter")]
    assert [email for email, member in found.items() if member.is_last_owner] == [ANNA]
    assert list(found) == [ANNA, address("campaigner"), address("exporter")]
    session.connection().exec_driver_sql("DELETE FROM totp_factors")
    assert not any(member.has_second_step for member in members.of_org(session, org_id(session)))


@ON_SQLITE
def test_who_was_taken_off_since_they_signed_in_is_known(session: Session) -> None:
    who = user_id(session, address("exporter"))
    assert not members.was_removed(session, "org-one", who, NOW - timedelta(hours=1))
    take_off(session, ANNA, address("exporter"))
    session.flush()
    assert members.was_removed(session, "org-one", who, NOW - timedelta(hours=1))
    assert not members.was_removed(session, "org-one", who, NOW + timedelta(hours=1))
    assert not members.was_removed(session, "org-two", who, NOW - timedelta(hours=1))
    assert not members.was_removed(session, "org-one", who + 1, NOW - timedelta(hours=1))


@ON_BOTH
def test_two_owners_who_demote_each_other_at_once_leave_one_owner(staffed: World) -> None:
    def demote(actor: str, whom: str) -> str:
        try:
            with staffed.app.app_context(), writing() as session:
                give(session, actor, whom, StaffRole.VIEWER)
        except StaffRefused as refusal:
            return type(refusal).__name__
        return "done"

    pairs = [(ANNA, address("owner")), (address("owner"), ANNA)]
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(demote, *zip(*pairs, strict=True)))
    assert sorted(done) == ["RightGone", "done"]
    assert list(roles(staffed).values()).count("owner") == 1


def acts() -> list[tuple[str, Act, Act]]:
    one, two = ANNA, address("owner")

    def leaves(email: str) -> Act:
        return lambda session: members.leave(session, org_id(session), user_id(session, email), NOW)

    return [
        (
            "demote each other",
            lambda session: give(session, one, two, StaffRole.VIEWER),
            lambda session: give(session, two, one, StaffRole.VIEWER),
        ),
        ("remove each other", lambda session: take_off(session, one, two), lambda session: take_off(session, two, one)),
        ("both leave", leaves(one), leaves(two)),
    ]


@ON_POSTGRES
@pytest.mark.parametrize(("first", "second"), [pytest.param(*pair, id=name) for name, *pair in acts()])
def test_wherever_one_of_them_has_come_the_other_waits_or_sees_it(
    staffed: World, admin: psycopg.Connection[Any], first: Act, second: Act
) -> None:
    put = "INSERT INTO memberships (user_id, org_id, role, created_at) SELECT id, 2, 'owner', created_at FROM users "
    stop = 0
    while True:
        went_on = run_against(staffed, admin, first, second, stop, may_raise=StaffRefused)
        assert list(roles(staffed).values()).count("owner") == 1, stop
        staffed.execute(
            "DELETE FROM memberships WHERE org_id = 2 AND user_id IN (SELECT id FROM users WHERE email IN (:a, :b))",
            a=ANNA,
            b=address("owner"),
        )
        staffed.execute(f"{put} WHERE email IN (:a, :b)", a=ANNA, b=address("owner"))
        if not went_on:
            break
        stop += 1
    assert stop > 5


@ON_SQLITE
def test_a_person_who_comes_back_has_a_place_from_then_on(session: Session) -> None:
    take_off(session, ANNA, address("exporter"))
    session.flush()
    user = session.scalars(select(User).where(User.email == address("exporter"))).one()
    later = NOW + timedelta(days=3)
    people.add_place(session, user, session.get_one(Org, org_id(session)), StaffRole.VIEWER, later)
    session.flush()
    place = session.scalars(select(Membership).where(Membership.user_id == user.id)).one()
    assert (place.role, place.created_at) == ("viewer", later)
