"""What `add` set, `edit` changes, and `list` shows; a live page shows it at once."""

import json
from pathlib import Path

import pytest
from PIL import Image

from proca_web.cli.named import moment
from tests.cli.instance import NOTICE, TREES, Instance, new_key
from tests.cli.operated import Site
from tests.databases import ON_POSTGRES


def test_an_org_says_something_else_about_itself(page: Instance) -> None:
    page.does("org", "edit", "org-one", "--title", "Org Uno", "--retention", "We keep them for a month.")
    ((title, retention, name),) = page.sql("SELECT title, retention, legal_name FROM orgs WHERE name = 'org-one'")
    assert (title, retention, name) == ("Org Uno", "We keep them for a month.", "One e.V.")
    wordings = page.sql("SELECT body, valid_until IS NULL FROM consent_texts ORDER BY id")
    assert [current for _, current in wordings] == [0, 1]
    assert "for a month" in wordings[1][0]


def test_an_org_has_a_colour_a_language_a_time_zone_and_a_logo(page: Instance, tmp_path: Path) -> None:
    logo, other = tmp_path / "logo.png", tmp_path / "logo.svg"
    Image.new("RGB", (200, 100), "teal").save(logo)
    other.write_text("<svg/>")
    page.does("org", "edit", "org-one", "--color", "#B52", "--time-zone", "berlin", "--logo", str(logo))
    (listed,) = [org for org in json.loads(page.does("org", "list", "--json")) if org["name"] == "org-one"]
    assert (listed["color"], listed["locale"], listed["time_zone"]) == ("#bb5522", "en", "Europe/Berlin")
    assert listed["logo"].endswith(".png")
    assert "JPEG, PNG, WebP or GIF" in page.refuses("org", "edit", "org-one", "--logo", str(other), code=2)
    for name, value in (("--color", "green"), ("--time-zone", "Shire"), ("--locale", "xx")):
        page.refuses("org", "edit", "org-one", name, value)
    page.does("org", "edit", "org-one", "--no-logo")
    assert page.sql("SELECT count(*) FROM pictures") == [(0,)]


def test_a_campaign_is_changed(page: Instance) -> None:
    page.does("campaign", "edit", "trees", "--title", "Street trees", "--confirm-days", "21", "--force-delivery")
    query = "SELECT title, confirm_days, force_delivery FROM campaigns"
    assert page.sql(query) == [("Street trees", 21, 1)]
    page.does("campaign", "edit", "trees", "--reminder")
    assert page.sql("SELECT reminder FROM campaigns") == [(1,)]
    page.does("campaign", "edit", "trees", "--no-reminder")
    assert page.sql("SELECT reminder FROM campaigns") == [(0,)]
    page.does("campaign", "edit", "trees", "--no-force-delivery")
    assert page.sql(query) == [("Street trees", 21, 0)]


def test_dates_and_goal_of_a_campaign_are_changed_in_the_time_zone_of_its_lead(page: Instance) -> None:
    assert str(moment("2026-01-31T08:00", "Europe/Berlin")) == "2026-01-31 07:00:00+00:00"
    page.does(
        "campaign", "edit", "trees", "--opens", "2026-01-31T07:00", "--closes", "2027-07-01T20:00Z", "--goal", "5000"
    )
    (listed,) = json.loads(page.does("campaign", "list", "--json"))
    assert (listed["opens_at"], listed["closes_at"], listed["goal"]) == (
        "2026-01-31T07:00:00+00:00",
        "2027-07-01T20:00:00+00:00",
        5000,
    )
    page.does("campaign", "edit", "trees", "--opens", "", "--closes", "")
    assert page.sql("SELECT opens_at, closes_at, goal FROM campaigns") == [(None, None, 5000)]
    assert "is no date" in page.refuses("campaign", "edit", "trees", "--opens", "soon")


def test_campaigns_and_pages_pause_and_go_on(page: Instance) -> None:
    for what, table in (("campaign", "campaigns"), ("page", "action_pages")):
        for act, status in (("pause", "paused"), ("reopen", "live"), ("close", "closed"), ("reopen", "live")):
            page.does(what, act, "trees")
            assert page.sql(f"SELECT status FROM {table}") == [(status,)]
        assert "can be done only while" in page.refuses(what, "reopen", "trees")


def test_a_page_is_changed_and_stays_live(page: Instance) -> None:
    page.does("page", "edit", "trees", "--title", "Trees!", "--fields", "email,first_name,phone", "--required", "phone")
    query = "SELECT title, fields, required, demand, status FROM action_pages"
    ((title, fields, required, demand, status),) = page.sql(query)
    assert (title, demand, status) == ("Trees!", "Keep them.", "live")
    assert json.loads(fields) == ["first_name", "email", "phone"]
    assert json.loads(required) == ["email", "first_name", "phone"]


def test_a_page_gets_another_address_and_keeps_its_name(page: Instance) -> None:
    page.does("page", "edit", "trees", "--slug", "street-trees")
    assert page.sql("SELECT name, slug FROM action_pages") == [("trees", "street-trees")]
    assert page.sql("SELECT slug FROM page_slugs") == [("trees",)]
    assert json.loads(page.does("page", "list", "--json"))[0]["slug"] == "street-trees"
    assert "single dashes" in page.refuses("page", "edit", "trees", "--slug", "Street Trees")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("org", "edit", "org-one", "--title", "a\nb"), "one line of text"),
        (("org", "edit", "org-one", "--legal-name", ""), "a legal notice needs"),
        (("org", "edit", "org-one", "--privacy-url", "javascript:x"), "no web address"),
        (("org", "edit", "nobody", "--title", "x"), "there is no org nobody"),
        (("campaign", "edit", "trees", "--title", ""), "cannot be empty"),
        (("page", "edit", "trees", "--required", "phone"), "only fields that the page asks for"),
        (("page", "edit", "trees", "--locale", "xx"), "no language"),
        (("page", "edit", "none", "--title", "x"), "there is no page none"),
    ],
)
def test_what_add_refuses_edit_refuses(page: Instance, command: tuple[str, ...], said: str) -> None:
    tables = ("orgs", "campaigns", "action_pages", "consent_texts")
    before = [page.sql(f"SELECT * FROM {table}") for table in tables]
    assert said in page.refuses(*command)
    assert [page.sql(f"SELECT * FROM {table}") for table in tables] == before


def test_a_page_has_its_words_from_the_command_line_too(page: Instance) -> None:
    said = (
        "--addressee",
        "The council",
        "--milestone",
        "1000=We go there",
        "--milestone",
        "2027-03-31=We hand it over",
    )
    page.does("page", "edit", "trees", *said, "--share", "whatsapp=I signed", "--question", "opt_in=May we write?")
    (listed,) = json.loads(page.does("page", "list", "--json"))
    assert listed["milestones"] == [
        {"number": 1000, "text": "We go there"},
        {"day": "2027-03-31", "text": "We hand it over"},
    ]
    assert (listed["addressee"], listed["share_texts"]) == ("The council", {"whatsapp": "I signed"})
    assert listed["questions"] == {"opt_in": "May we write?"}
    page.does("page", "edit", "trees", "--milestone", "")
    assert json.loads(page.does("page", "list", "--json"))[0]["milestones"] == []
    assert "WHAT=TEXT" in page.refuses("page", "edit", "trees", "--share", "whatsapp")
    assert "neither a number" in page.refuses("page", "edit", "trees", "--milestone", "soon=x")


@pytest.mark.parametrize("what", ["org", "campaign", "page"])
def test_an_edit_that_says_nothing_is_told_so(page: Instance, what: str) -> None:
    assert "say what to change" in page.refuses(what, "edit", "trees", code=2)


def test_everything_can_be_listed(page: Instance) -> None:
    for what, names in (("org", ["home", "org-one"]), ("campaign", ["trees"]), ("page", ["trees"])):
        assert [entry["name"] for entry in json.loads(page.does(what, "list", "--json"))] == names
        assert [line.split()[0] for line in page.does(what, "list").splitlines()] == names
    (listed,) = json.loads(page.does("page", "list", "--json"))
    assert (listed["status"], listed["title"]) == ("live", "Street trees")


@pytest.fixture
def coalition(page: Instance) -> Instance:
    """A campaign of org-one with a page of its own and one of org-two; org-three is ready too, org-four is not."""
    for org in ("org-two", "org-three"):
        page.does("org", "add", org, "--title", org, "--public-key", new_key(), *NOTICE)
    page.does("org", "add", "org-four", "--title", "org-four", *NOTICE)
    page.does("page", "add", "partner", "--campaign", "trees", "--org", "org-two", *TREES)
    page.does("page", "open", "partner")
    return page


def sign(instance: Instance, page: str, *, testing: bool = False) -> None:
    instance.sql(
        "INSERT INTO actions (ref, action_page_id, created_at, consent, testing) "
        "SELECT randomblob(16), id, '2026-03-01 12:00:00.000000', 'h', ? FROM action_pages WHERE name = ?",
        testing,
        page,
    )


def orgs(instance: Instance) -> dict[str, str]:
    """Who leads the campaign, and whose the pages are, as the lists say."""
    (campaign,) = json.loads(instance.does("campaign", "list", "--json"))
    pages = json.loads(instance.does("page", "list", "--json"))
    return {"lead": campaign["org"], **{page["name"]: page["org"] for page in pages}}


def test_another_org_leads_and_live_pages_say_so(coalition: Instance) -> None:
    sign(coalition, "trees")  # on the lead's own page, which names no lead
    said = coalition.does("campaign", "edit", "trees", "--org", "org-three", "--force-delivery")
    assert orgs(coalition) == {"lead": "org-three", "trees": "org-one", "partner": "org-two"}
    assert "page trees: every signature goes to org-one and org-three\n" in said
    assert "page partner: every signature goes to org-two and org-three\n" in said
    assert "copies made before stay where they are" in said
    texts = coalition.sql("SELECT body FROM consent_texts WHERE valid_until IS NULL ORDER BY action_page_id")
    assert all("org-three" in body for (body,) in texts)


def test_another_org_collects(coalition: Instance) -> None:
    sign(coalition, "partner", testing=True)
    said = coalition.does("page", "edit", "partner", "--org", "org-three", "--title", "Trees of three")
    assert orgs(coalition)["partner"] == "org-three"
    assert "page partner: every signature goes to org-three; to org-one if the person says yes\n" in said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("campaign", "edit", "trees", "--org", "nobody"), "there is no org nobody"),
        (("campaign", "edit", "trees", "--org", "home"), "the Home Org owns no campaign"),
        (("campaign", "edit", "trees", "--org", "org-four"), "org-four has no active key, and page trees is live"),
        (("page", "edit", "trees", "--org", "home"), "the Home Org owns no campaign and no page"),
        (("page", "edit", "partner", "--org", "org-four"), "org-four has no active key, and page partner is live"),
        (("campaign", "edit", "trees", "--org", "org-three"), "were told that org-one leads the campaign"),
        (("page", "edit", "partner", "--org", "org-three"), "agreed with org-two: another org cannot take them over"),
    ],
)
def test_an_org_that_cannot_take_over_is_refused_with_the_reason(
    coalition: Instance, command: tuple[str, ...], said: str
) -> None:
    if said.startswith(("were told", "agreed")):
        sign(coalition, "partner")
    before = orgs(coalition), coalition.sql("SELECT * FROM consent_texts")
    assert said in coalition.refuses(*command)
    assert (orgs(coalition), coalition.sql("SELECT * FROM consent_texts")) == before


def test_an_org_without_a_legal_notice_takes_no_live_page_over(coalition: Instance) -> None:
    coalition.does("org", "add", "org-five", "--title", "Five", "--public-key", new_key())
    assert "org-five has no complete legal notice" in coalition.refuses("page", "edit", "partner", "--org", "org-five")
    coalition.does("page", "close", "partner")
    coalition.does("page", "edit", "partner", "--org", "org-five")
    assert orgs(coalition)["partner"] == "org-five"


@ON_POSTGRES
def test_the_partner_takes_the_lead_of_a_campaign_that_nobody_signed_with_it(site: Site) -> None:
    client = site.world.app.test_client()
    assert site.world.sign(client).status_code == 303
    said = site.does("campaign", "edit", "trees", "--org", "org-two")
    assert "page trees: every signature goes to org-one; to org-two if the person says yes" in said
    assert site.world.sign(client, "trees-partner").status_code == 303
    site.does("page", "edit", "trees-partner", "--title", "Trees")
    site.does("campaign", "edit", "trees", "--org", "org-two")
    assert "were told that org-two leads" in site.refuses("campaign", "edit", "trees", "--org", "org-one")


def test_a_mail_gets_words_of_its_own_and_loses_them_again(page: Instance, tmp_path: Path) -> None:
    assert "(the suggested text)" in page.does("page", "mail", "show", "trees", "confirm")
    text = tmp_path / "mail.txt"
    text.write_text("Hi {first_name}\n\n{confirm_link}\n", "utf-8")
    page.does("page", "mail", "edit", "trees", "confirm", "--subject", "One click", "--body-file", str(text))
    page.does("page", "mail", "edit", "trees", "confirm", "--sender-name", "Tree friends", "--preheader", "Now")
    shown = json.loads(page.does("page", "mail", "show", "trees", "confirm", "--json"))
    assert shown["sender_name"] == "Tree friends"
    words = {"subject": "One click", "preheader": "Now", "body": "Hi {first_name}\n\n{confirm_link}"}
    assert shown.items() >= words.items()
    ((listed,),) = [json.loads(page.does("page", "list", "--json"))]
    assert (listed["mail_name"], listed["mails"]) == ("Tree friends", {"confirm": words})
    text.write_text("no link, {nickname}", "utf-8")
    said = page.refuses("page", "mail", "edit", "trees", "confirm", "--body-file", str(text))
    assert "body: There is no {nickname}." in said
    page.does("page", "mail", "edit", "trees", "confirm", "--suggested")
    assert page.sql("SELECT count(*) FROM mail_texts") == [(0,)]


def test_further_receivers_of_a_page_are_chosen_and_people_are_told(coalition: Instance) -> None:
    name = json.loads(coalition.does("page", "list", "--json"))[0]["name"]
    said = coalition.does("page", "edit", name, "--receiver", "org-three", "--receiver", "org-four")
    assert "org-three and org-four if the person says yes" in said
    listed = {entry["name"]: entry["receivers"] for entry in json.loads(coalition.does("page", "list", "--json"))}
    assert listed[name] == ["org-three", "org-four"]
    assert "receives on page" in coalition.refuses("page", "edit", name, "--receiver", "org-one")
    coalition.does("page", "edit", name, "--receiver", "")
    assert coalition.sql("SELECT count(*) FROM page_receivers") == [(0,)]


def test_a_campaign_says_its_numbers(page: Instance) -> None:
    found = json.loads(page.does("campaign", "numbers", "trees", "--json"))
    assert (found["people"], len(found["days"]), found["sent"]["ends"]["expired"]) == (0, 30, 0)
    assert page.does("campaign", "numbers", "trees").startswith("what")
    page.refuses("campaign", "numbers", "nowhere")


def test_news_are_told_and_taken_off_and_comments_listed(page: Instance) -> None:
    page.does("page", "news", "add", "trees", "--title", "We won", "--text", "All **stay**.", "--outcome")
    ((told,),) = [json.loads(page.does("page", "news", "list", "trees", "--json"))]
    assert (told["kind"], told["title"]) == ("outcome", "We won")
    assert "few words" in page.refuses("page", "news", "add", "trees", "--title", " ")
    page.does("page", "news", "remove", "trees", str(told["id"]))
    assert "has no news" in page.refuses("page", "news", "remove", "trees", str(told["id"]))
    assert json.loads(page.does("page", "comments", "list", "trees", "--json")) == []
    assert "0 changed" in page.does("page", "comments", "show", "trees", "7")
