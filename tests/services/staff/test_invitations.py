"""Invitations: whom they are for, what opens them, and everything that can have become of one meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.crypto.encoding import decode, encode
from proca_web.domain.errors import FieldsRefused, InvitationOver, RightGone, StaffRefused
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Invitation, Org, User
from proca_web.services.petitions import founding
from proca_web.services.staff import invitations, joining, members, people
from proca_web.services.staff.joining import Newcomer
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import World

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY, OLD_KEY = "k" * 32, "o" * 32
ANNA, EMRE, OPERATOR = "admin@org-one.example.org", "emre@example.org", "operator@example.org"
NEWCOMER = Newcomer("Emre Aydın", "hash")


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.app.app_context(), writing() as session:
        yield session


def org(session: Session, name: str = "org-one") -> Org:
    return session.scalars(select(Org).where(Org.name == name)).one()


def user_id(session: Session, email: str) -> int:
    return session.scalars(select(User.id).where(User.email == email)).one()


def invite(session: Session, email: str = EMRE, role: str = "viewer", actor: str = ANNA, **more: str) -> Invitation:
    return invitations.invite(session, org(session).id, user_id(session, actor), email, role, NOW, **more)


def token(invitation: Invitation, key: str = KEY) -> str:
    return joining.token(key, invitation.id, invitation.role, invitation.email)


def join(session: Session, given: str, now: datetime = NOW + DAY, email: str | None = None) -> None:
    """By somebody who is signed in under an address, or with a new account."""
    if email is None:
        joining.join(session, (KEY, OLD_KEY), given, now, newcomer=NEWCOMER)
    else:
        joining.join(session, (KEY, OLD_KEY), given, now, user_id=user_id(session, email))
    session.flush()


def events(session: Session) -> list[str]:
    found = session.connection().exec_driver_sql(
        "SELECT event FROM audit_entries WHERE event LIKE 'people-%' ORDER BY id"
    )
    return [event for (event,) in found]


@ON_SQLITE
def test_who_is_invited_joins_with_a_name_and_a_password_in_the_role_offered(session: Session) -> None:
    made = invite(session, " Emre@Example.org ", "exporter")
    assert (made.email, made.until) == (EMRE, NOW + 7 * DAY)
    join(session, token(made))
    member = next(each for each in members.of_org(session, made.org_id) if each.email == EMRE)
    assert (member.name, member.role, member.since) == ("Emre Aydın", "exporter", NOW + DAY)
    assert events(session) == ["people-invite", "people-join"]
    told = session.connection().exec_driver_sql("SELECT kind, email, user_id FROM outbox ORDER BY id").all()
    assert [tuple(row) for row in told] == [
        ("people-invite", EMRE, None),
        ("people-join", "", user_id(session, ANNA)),
    ]


@ON_SQLITE
def test_what_opens_an_invitation_stands_in_no_column(session: Session) -> None:
    made = invite(session)
    opens = decode(token(made), 40)[8:]
    session.flush()
    for table in ("invitations", "outbox", "audit_entries"):
        rows = session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
        held = repr([tuple(row) for row in rows])
        assert token(made) not in held
        assert encode(opens) not in held
        assert repr(opens) not in held


@ON_SQLITE
@pytest.mark.parametrize("change", ["number", "proof", "key", "role", "address", "cut", "nothing", "long"])
def test_no_other_link_opens_it(session: Session, change: str) -> None:
    made = invite(session)
    raw = decode(token(made), 40)
    given = {
        "number": encode((made.id + 1).to_bytes(8, "big") + raw[8:]),
        "proof": encode(raw[:39] + bytes([raw[39] ^ 1])),
        "key": token(made, "x" * 32),
        "role": joining.token(KEY, made.id, "owner", EMRE),
        "address": joining.token(KEY, made.id, made.role, "other@example.org"),
        "cut": token(made)[:-3],
        "nothing": "",
        "long": "A" * 5000,
    }[change]
    with pytest.raises(InvitationOver, match="opens no invitation"):
        join(session, given)


@ON_SQLITE
def test_who_changes_the_row_in_the_database_makes_no_owner_of_it(session: Session) -> None:
    made = invite(session)
    opens = token(made)
    made.role = "owner"
    session.flush()
    with pytest.raises(InvitationOver, match="opens no invitation"):
        join(session, opens)


@ON_SQLITE
def test_a_link_of_before_the_key_was_changed_still_opens(session: Session) -> None:
    made = invite(session)
    join(session, token(made, OLD_KEY))
    assert made.used_at == NOW + DAY


@ON_SQLITE
def test_it_works_once(session: Session) -> None:
    made = invite(session)
    join(session, token(made))
    with pytest.raises(InvitationOver, match="was used already"):
        join(session, token(made))


@ON_SQLITE
@pytest.mark.parametrize(("late", "is_over"), [(7 * DAY - timedelta(seconds=1), False), (7 * DAY, True)])
def test_it_is_good_for_seven_days(session: Session, late: timedelta, is_over: bool) -> None:
    made = invite(session)
    if is_over:
        with pytest.raises(InvitationOver, match=r"run out.*Ask an owner of Org One"):
            join(session, token(made), NOW + late)
    else:
        join(session, token(made), NOW + late)


@ON_SQLITE
def test_sent_again_the_same_link_is_good_for_another_week(session: Session) -> None:
    made = invite(session)
    invitations.send_again(session, made.org_id, user_id(session, ANNA), made.id, NOW + 9 * DAY)
    join(session, token(made), NOW + 15 * DAY)
    assert events(session) == ["people-invite", "people-invite-again", "people-join"]


@ON_SQLITE
def test_taken_back_it_opens_nothing(session: Session) -> None:
    made = invite(session)
    invitations.withdraw(session, made.org_id, user_id(session, ANNA), made.id, NOW)
    with pytest.raises(InvitationOver, match="taken back or declined"):
        join(session, token(made))
    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(StaffRefused, match="taken back or declined meanwhile"):
            act(session, made.org_id, user_id(session, ANNA), made.id, NOW)
    assert invitations.of_org(session, made.org_id, NOW) == []


@ON_SQLITE
def test_declined_it_opens_nothing_and_leaves_no_account(session: Session) -> None:
    made = invite(session)
    joining.decline(session, (KEY,), token(made), NOW)
    with pytest.raises(InvitationOver, match="taken back or declined"):
        join(session, token(made))
    assert people.find_user(session, EMRE) is None
    assert events(session) == ["people-invite", "people-invitation-decline"]


@ON_SQLITE
def test_another_org_has_no_hand_in_it(session: Session) -> None:
    made = invite(session)
    two = org(session, "org-two").id
    for act in (invitations.send_again, invitations.withdraw):
        with pytest.raises(StaffRefused, match="no such invitation"):
            act(session, two, user_id(session, "admin@org-two.example.org"), made.id, NOW)


@ON_SQLITE
def test_who_has_an_account_joins_when_signed_in_under_the_address_and_else_does_not(session: Session) -> None:
    other = "admin@org-two.example.org"
    made = invite(session, other, "campaigner")
    with pytest.raises(StaffRefused, match="an account with this address already"):
        join(session, token(made))
    with pytest.raises(StaffRefused, match="for another address"):
        join(session, token(made), email=OPERATOR)
    join(session, token(made), email=other)
    places = people.places(session, user_id(session, other))
    assert {place.org.name: place.role for place in places} == {"org-one": "campaigner", "org-two": "owner"}


def _demoted(session: Session, made: Invitation) -> None:
    people.add_user(session, "second@example.org", "hash", made.org, StaffRole.OWNER, NOW)
    session.flush()
    second = user_id(session, "second@example.org")
    members.change_role(session, made.org_id, second, user_id(session, ANNA), StaffRole.VIEWER, NOW)


def _removed(session: Session, made: Invitation) -> None:
    _demoted(session, made)
    members.remove(session, made.org_id, user_id(session, "second@example.org"), user_id(session, ANNA), NOW)


def _account_gone(session: Session, made: Invitation) -> None:
    people.remove_user(session, people.named_user(session, ANNA), NOW, though_last=True)


@ON_SQLITE
@pytest.mark.parametrize("happened", [_demoted, _removed, _account_gone])
def test_it_does_not_outlive_the_right_of_whoever_sent_it(
    session: Session, happened: Callable[[Session, Invitation], None]
) -> None:
    made = invite(session, role="owner")
    happened(session, made)
    session.flush()
    session.expire(made)
    with pytest.raises(InvitationOver, match="does not hold any more"):
        join(session, token(made))


@ON_SQLITE
@pytest.mark.parametrize("role", ["operator", "admin", "", "Owner"])
def test_a_role_that_does_not_exist_is_asked_for_anew(session: Session, role: str) -> None:
    with pytest.raises(FieldsRefused) as refused:
        invite(session, role=role)
    assert set(refused.value.faults) == {"role"}


@ON_SQLITE
@pytest.mark.parametrize("actor", ["admin@org-two.example.org", OPERATOR])
def test_who_may_not_invite_invites_nobody(session: Session, actor: str) -> None:
    with pytest.raises(RightGone, match="An owner of Org One can"):
        invite(session, actor=actor)


@ON_SQLITE
def test_whoever_runs_the_site_invites_the_first_owner_and_nobody_else(session: Session) -> None:
    made = founding.found(session, "green-city", "Green City", EMRE, user_id(session, OPERATOR), NOW)
    (waits,) = invitations.of_org(session, made.id, NOW)
    assert (waits.email, waits.role) == (EMRE, "owner")
    with pytest.raises(RightGone):
        invitations.invite(session, made.id, user_id(session, OPERATOR), "x@example.org", "exporter", NOW)
    second = invitations.invite(session, made.id, user_id(session, OPERATOR), "second@example.org", "owner", NOW)
    join(session, token(waits))
    with pytest.raises(InvitationOver, match="does not hold any more"):
        join(session, token(second))


@ON_SQLITE
@pytest.mark.parametrize("lock", [True, False])
def test_a_locked_org_lets_nobody_in(session: Session, lock: bool) -> None:
    made = invite(session)
    founding.lock(session, made.org_id, user_id(session, OPERATOR), NOW)
    if not lock:
        founding.unlock(session, made.org_id, user_id(session, OPERATOR), NOW)
        join(session, token(made))
        return
    with pytest.raises(InvitationOver, match="locked by whoever runs this site"):
        join(session, token(made))
    with pytest.raises(StaffRefused, match="locked by whoever runs this site"):
        invite(session, "other@example.org")


@ON_SQLITE
@pytest.mark.parametrize("email", ["", "emre", "a@b@c.org", "emrе@example.org", "emre@", "a, b@example.org"])
def test_what_is_no_address_is_refused_with_a_sentence(session: Session, email: str) -> None:
    with pytest.raises(FieldsRefused) as refused:
        invite(session, email)
    assert len(refused.value.faults["email"].text) > 20


@ON_SQLITE
def test_an_address_that_can_look_like_another_is_asked_about_once(session: Session) -> None:
    looks_like = "emre@exаmple.org"  # the a is Cyrillic
    with pytest.raises(FieldsRefused) as asked:
        invite(session, looks_like)
    assert asked.value.faults["email"].values["domain"] == "xn--exmple-4nf.org"
    with pytest.raises(FieldsRefused):
        invite(session, looks_like, meant=EMRE)
    assert invite(session, looks_like, meant="emre@xn--exmple-4nf.org").email == "emre@xn--exmple-4nf.org"
    assert invite(session, "ｅｍｒｅ@example.org").email == EMRE


@ON_SQLITE
def test_a_member_is_not_invited_and_nobody_twice(session: Session) -> None:
    for email in (ANNA, "Admin@Org-One.example.org"):
        with pytest.raises(FieldsRefused) as refused:
            invite(session, email)
        assert "is a member already" in refused.value.faults["email"].text
    invite(session)
    with pytest.raises(FieldsRefused) as refused:
        invite(session)
    assert "an invitation for this address already" in refused.value.faults["email"].text


@ON_BOTH
def test_two_who_press_the_button_of_one_link_at_once_make_one_account(world: World) -> None:
    with world.app.app_context(), writing() as session:
        opens = token(invite(session))

    def press(_: int) -> str:
        try:
            with world.app.app_context(), writing() as session:
                join(session, opens)
        except (InvitationOver, StaffRefused) as refusal:
            return type(refusal).__name__
        return "joined"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(press, range(2))) == ["InvitationOver", "joined"]
    assert world.query("SELECT count(*) FROM users WHERE email = :email", email=EMRE) == [(1,)]


@ON_BOTH
def test_two_owners_invite_one_address_at_once_and_one_mail_leaves(world: World) -> None:
    def ask(_: int) -> str:
        try:
            with world.app.app_context(), writing() as session:
                invite(session)
        except FieldsRefused:
            return "asked already"
        return "asked"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(ask, range(2))) == ["asked", "asked already"]
    assert world.query("SELECT count(*) FROM outbox") == [(1,)]
