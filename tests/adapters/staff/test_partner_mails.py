"""Mails about partners: each names the campaign, says what happened, and leads to where something can be done."""

import re
from pathlib import Path

import pytest
from flask import Flask

from proca_web.adapters.notices import write
from proca_web.config import Settings
from proca_web.domain.campaign_words import CampaignEvent
from proca_web.services.petitions.making.coalition import joining
from proca_web.services.staff.outbox import DueNotice
from tests import factories

TEMPLATES = Path(__file__).parents[3] / "templates" / "email" / "staff" / "partner"
KINDS = sorted(path.stem for path in TEMPLATES.glob("[a-z]*.txt"))
FACTS = {"campaign": "Trees & <b>Co</b>", "lead": "Org One", "partner": "Org Two", "campaign_name": "trees"}
FACTS |= {"inviter": "Anna Berg", "until": "2026-12-15"}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


def notice(kind: str, **facts: str | int) -> DueNotice:
    return DueNotice(1, f"partner-{kind}", "org-two", "Org Two", "office@example.org", FACTS | facts, "once", 1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_says_what_happened_and_where_to_look(app: Flask, kind: str) -> None:
    assert f"partner-{kind}" in set(CampaignEvent)
    with app.app_context():
        letter = write(app, notice(kind))
    assert "Trees & <b>Co</b>" in f"{letter.subject} {letter.body}"
    assert "<b>Co" not in letter.html
    assert not re.search(r"%\(|\{\{|\{%|Undefined|None", letter.body)
    places = {"invite": "/console/org-two/partnerships", "withdraw": ""}
    assert places.get(kind, "/console/org-two/campaigns/trees/partners") in letter.body


def test_the_link_to_an_address_opens_one_invitation_and_only_with_this_key(app: Flask, settings: Settings) -> None:
    with app.app_context():
        letter = write(app, notice("invite", by_mail=7))
    found = re.search(r"/partnership/([\w-]+)", letter.body)
    assert found is not None
    assert found[1] == joining.token(settings.secret_key, 7, "office@example.org")
    assert (
        len({found[1], joining.token("other", 7, "office@example.org"), joining.token(settings.secret_key, 7, "a@b.c")})
        == 3
    )
