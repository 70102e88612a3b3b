"""Every setting that a model has is in `add`, `edit` and `list --json`, or stands here with the reason why not."""

import json
from pathlib import Path

import click
import pytest
from PIL import Image

from proca_web.cli import instance
from proca_web.cli.petitions import campaigns, orgs, pages
from proca_web.models import ActionPage, Base, Campaign, Org
from tests.cli.instance import Instance

# Columns that no list shows, and why.
UNSEEN = {
    **dict.fromkeys(("id", "created_at"), "how it is kept, not how it is"),
    **dict.fromkeys(("edits", "edited_at", "edited_by"), "by which the editor notices two writers; the record has who"),
    "is_home": "the name says it",
    **dict.fromkeys(("counted_at", "key_check", "rekeyed_at", "forgotten_at", "closed_at"), "of the worker's counting"),
}
# Columns that the list calls something else.
AS = {"org_id": "org", "campaign_id": "campaign", "hero_id": "hero"}
# What the list shows and no command sets by that name, and what does.
NOT_SET = {
    "name": "given once",
    "status": "open, pause, reopen, close",
    "locked_at": "set in the console of the Home Org",
    "slug": "begins as the name; edit has it",
    "asked_terms": "campaign partner terms",
    **dict.fromkeys(("supporter_count", "unconfirmed_count"), "counted"),
}
PARAMETERS = {"org_id": {"lead", "org_slug"}, "campaign_id": {"campaign_slug"}, "hero_id": {"hero"}} | {
    "opens_at": {"opens"},
    "closes_at": {"closes"},
}
GROUPS: dict[str, tuple[type[Base], click.Group]] = {
    "org": (Org, orgs.org),
    "campaign": (Campaign, campaigns.campaign),
    "page": (ActionPage, pages.page),
}


@pytest.mark.parametrize("what", GROUPS)
def test_every_column_is_listed_or_has_its_reason(page: Instance, what: str) -> None:
    model, _ = GROUPS[what]
    listed = set(json.loads(page.does(what, "list", "--json"))[-1])
    columns = {column.name for column in model.__table__.columns} - set(UNSEEN)
    assert {AS.get(name, name) for name in columns} <= listed


@pytest.mark.parametrize("what", GROUPS)
def test_every_setting_is_set_by_add_and_by_edit(what: str) -> None:
    model, group = GROUPS[what]
    columns = {column.name for column in model.__table__.columns} - set(UNSEEN) - set(NOT_SET)
    for name in ("add", "edit"):
        taken = {parameter.name for parameter in group.commands[name].params}
        lacking = {column for column in columns if not PARAMETERS.get(column, {column}) & taken}
        assert lacking == ({"campaign_id"} if (what, name) == ("page", "edit") else set())


def test_a_page_has_a_picture_with_its_words_a_place_and_a_sender(page: Instance, tmp_path: Path) -> None:
    file = tmp_path / "street.png"
    Image.new("RGB", (1300, 700), "teal").save(file)
    assert "needs it in words" in page.refuses("page", "edit", "trees", "--hero", str(file))
    said = ("--hero-alt", "Trees along a street.", "--position", "3", "--mail-name", "Tree friends")
    page.does("page", "edit", "trees", "--hero", str(file), *said, "--mail-reply-to", "trees@example.org")
    (listed,) = json.loads(page.does("page", "list", "--json"))
    assert listed["hero"].endswith((".jpg", ".jpeg"))
    assert (listed["hero_alt"], listed["position"]) == ("Trees along a street.", 3)
    assert (listed["mail_name"], listed["mail_reply_to"]) == ("Tree friends", "trees@example.org")
    assert listed["campaign"] == "trees"
    assert "is no address" in page.refuses("page", "edit", "trees", "--mail-name", "a@b")
    page.does("page", "edit", "trees", "--no-hero")
    assert json.loads(page.does("page", "list", "--json"))[0]["hero"] == ""


def test_the_line_on_every_page_is_set_listed_and_taken_off(page: Instance) -> None:
    assert set(instance.instance.commands) == {"banner", "list"}
    page.does("instance", "banner", "We rest on Sunday.")
    assert json.loads(page.does("instance", "list", "--json")) == {"banner": "We rest on Sunday."}
    assert "at most 200" in page.refuses("instance", "banner", "x" * 201)
    page.does("instance", "banner", "")
    assert page.sql("SELECT banner FROM instance") == [("",)]
    assert page.sql("SELECT count(*) FROM audit_entries WHERE event = 'settings-banner'") == [(2,)]
