"""Every state of the pages about partners, and the way there."""

from datetime import UTC, datetime

from playwright.sync_api import Page
from sqlalchemy import select

from proca_web.adapters.database import writing
from proca_web.domain.words import Publication
from proca_web.models import Campaign, Org
from proca_web.services.petitions import campaigns, pages
from proca_web.services.petitions.making.coalition import inviting, joining
from proca_web.services.staff import people
from tests.browser.ways import Links, Way, open_all, staff
from tests.factories import World, add_org, page_settings, password_hash

ONE, TWO, THREE = "admin@org-one.example.org", "admin@org-two.example.org", "admin@org-three.example.org"
TREES = "/console/{org}/campaigns/trees/partners"


def prepare(world: World) -> Links:
    """Beside the demo's two: one that joined, one invited by mail, one invitation to answer, one change to agree to."""
    now, key = datetime.now(UTC), world.app.extensions["proca_settings"].secret_key
    with world.app.app_context(), writing() as session:
        trees = session.scalars(select(Campaign).where(Campaign.name == "trees")).one()
        me = people.named_user(session, ONE).id
        three = add_org(session, "org-three", None, now)
        three.title = "Nachbarschaftsvereinigung für Straßenbäume"
        people.add_user(session, THREE, password_hash(), three, "owner", now)  # type: ignore[arg-type]
        session.flush()
        page = joining.accept(session, three, inviting.invite(session, trees, me, "org-three", "", now).id, None, now)
        page.title, page.questions = "Trees for every schoolyard", {"opt_in": "May we write to you, now and then?"}
        mailed = inviting.invite(session, trees, me, "Org Four", "office@org-four.example.org", now)
        rivers = campaigns.add_campaign(
            session, "rivers-together", "Rivers for all", session.get_one(Org, trees.org_id), now
        )
        for locale in ("en", "de"):
            made = page_settings(title=f"Clean rivers ({locale})")
            pages.add_page(session, f"rivers-together-{locale}", rivers, rivers.lead, made, now)
        inviting.invite(session, rivers, me, "org-three", "", now)
        partner = session.scalars(select(Org).where(Org.name == "org-two")).one()
        pages.add_page(
            session, "rivers-two", rivers, partner, page_settings(title="Our river"), now
        ).status = Publication.PAUSED
        rivers.asked_terms = "both"
        link = f"/partnership/{joining.token(key, mailed.id, mailed.email)}"
    cookie = world.signed_in(THREE).get_cookie("session")
    assert cookie is not None
    return {"partnership": link, THREE: cookie.value}


def refused(page: Page, links: Links) -> None:
    """An org that is not here, without an address."""
    staff(ONE, TREES.format(org="org-one"))(page, links)
    page.get_by_label("What it is called").fill("Nobody")
    page.get_by_role("button", name="Send the invitation").click()


def other_choice(page: Page, links: Links) -> None:
    """Another choice looked at, before it is saved."""
    staff(ONE, TREES.format(org="org-one"))(page, links)
    page.locator("[value=both]").check()


PLACES: dict[str, Way] = {
    "partners": staff(ONE, TREES.format(org="org-one")),
    "partners, invitation refused": refused,
    "partners, another choice": other_choice,
    "partners, as one of them": staff(TWO, TREES.format(org="org-two")),
    "partners, a yes is asked for": staff(TWO, "/console/org-two/campaigns/rivers-together/partners"),
    "partners, a yes is waited for": staff(ONE, "/console/org-one/campaigns/rivers-together/partners"),
    "a partner's page to approve": staff(ONE, f"{TREES.format(org='org-one')}/pages/trees-org-three"),
    "the end of a part": staff(ONE, f"{TREES.format(org='org-one')}/org-two/end"),
    "invitations into campaigns": staff(THREE, "/console/org-three/partnerships"),
    "invitation into a campaign": open_all("{partnership}"),
    "invitation into a campaign, signed in": staff(TWO, "{partnership}"),
}
