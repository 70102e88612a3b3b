"""Every state of the pages about people, and the way there."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Invitation, Org, TotpFactor
from proca_web.services.petitions import founding
from proca_web.services.staff import invitations, joining, people
from tests.browser.ways import Links, Way, open_all, staff
from tests.factories import World, add_org, password_hash

BOTH, LOCKED, TWO = "both@example.org", "admin@locked.example.org", "admin@org-two.example.org"
OPERATOR = "operator@example.org"
STAFF = (("ben", "Ben Okafor", "campaigner"), ("chiara", "Chiara Rossi", "exporter"), ("gita", "Gita Nair", "exporter"))


def prepare(world: World) -> Links:
    """Members, invitations and locks in every state."""
    now, links = datetime.now(UTC), {}
    key = world.app.extensions["proca_settings"].secret_key
    with world.app.app_context(), writing() as session:
        org, locked = of(session, "org-two"), add_org(session, "locked", None, now)
        for local, name, role in STAFF:
            user = people.add_user(session, f"{local}@org-two.example.org", password_hash(), org, StaffRole(role), now)
            user.name = name
        session.flush()
        chiara, me = people.named_user(session, "chiara@org-two.example.org"), people.named_user(session, TWO).id
        session.add(TotpFactor(user_id=chiara.id, seal=b"x", created_at=now))
        people.add_user(session, BOTH, password_hash(), org, StaffRole.VIEWER, now)
        people.add_user(session, LOCKED, password_hash(), locked, StaffRole.OWNER, now)
        session.flush()
        people.add_place(session, people.named_user(session, BOTH), of(session, "org-one"), StaffRole.EXPORTER, now)
        for email, role in (
            ("emre@example.org", "viewer"),
            (BOTH.replace("both", "faye"), "exporter"),
            (OPERATOR, "owner"),
        ):
            made = invitations.invite(session, org.id, me, email, role, now)
            links[f"invited {role}"] = f"/invitation/{joining.token(key, made.id, made.role, made.email)}"
        late = session.scalars(select(Invitation).where(Invitation.email == "faye@example.org")).one()
        late.until = now - timedelta(days=2)
        founding.lock(session, locked.id, people.named_user(session, OPERATOR).id, now)
        links["ben"] = f"/console/org-two/people/{people.named_user(session, 'ben@org-two.example.org').id}"
        links["account"] = f"/console/home/accounts/{chiara.id}"
        links["org"] = f"/console/home/organisations/{org.id}"
        links["locked org"] = f"/console/home/organisations/{locked.id}"
    for who in (BOTH, LOCKED):
        cookie = world.signed_in(who).get_cookie("session")
        assert cookie is not None
        links[who] = cookie.value
    return links


def of(session: Session, name: str) -> Org:
    return session.scalars(select(Org).where(Org.name == name)).one()


def with_menus(who: str, path: str) -> Way:
    """The menus of the head unfolded, one after the other: the last one stays open."""

    def way(page: Page, links: Links) -> None:
        staff(who, path)(page, links)
        page.locator("details.menu.me > summary").click()

    return way


def switching(page: Page, links: Links) -> None:
    """The menu of organisations unfolded."""
    staff(BOTH, "/console/org-one/")(page, links)
    page.locator(".home summary").click()


def refused(page: Page, links: Links) -> None:
    """An address that can look like another one."""
    staff(TWO, "/console/org-two/people")(page, links)
    page.get_by_label("Their mail address").fill("emre@exаmple.org")
    page.get_by_label("Viewer").check()
    page.get_by_role("button", name="Send the invitation").click()


def short_password(page: Page, links: Links) -> None:
    """A newcomer whose choice does not pass."""
    open_all("{invited viewer}")(page, links)
    page.get_by_label("Your name").fill("Emre Aydın")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Join").click()


PLACES: dict[str, Way] = {
    "people": staff(TWO, "/console/org-two/people"),
    "people, the last owner": staff("admin@org-one.example.org", "/console/org-one/people"),
    "people, invitation refused": refused,
    "a member": staff(TWO, "{ben}"),
    "leave": staff(BOTH, "/console/org-one/leave"),
    "leave, the last owner": staff("admin@org-one.example.org", "/console/org-one/leave"),
    "menu": with_menus(BOTH, "/console/org-two/"),
    "menu of organisations": switching,
    "choice of organisations": staff(BOTH, "/console/"),
    "no right": staff(BOTH, "/console/org-two/people"),
    "locked organisation": staff(LOCKED, "/console/locked/"),
    "invitation": open_all("{invited viewer}"),
    "invitation, short password": short_password,
    "invitation, run out": open_all("{invited exporter}"),
    "invitation, for an account": open_all("{invited owner}"),
    "invitation, somebody else": staff(BOTH, "{invited viewer}"),
    "invitation, joining": staff(OPERATOR, "{invited owner}"),
    "organisations": staff(OPERATOR, "/console/home/organisations"),
    "an organisation": staff(OPERATOR, "{org}"),
    "an organisation, locked": staff(OPERATOR, "{locked org}"),
    "accounts": staff(OPERATOR, "/console/home/accounts"),
    "all campaigns": staff(OPERATOR, "/console/home/all-campaigns"),
    "all pages": staff(OPERATOR, "/console/home/all-pages"),
    "a line on every page": staff(OPERATOR, "/console/home/banner"),
    "an account": staff(OPERATOR, "{account}"),
}
