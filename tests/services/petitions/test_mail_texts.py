"""A page's mails in its org's own words: kept, changed by two at once, read, and told in the record."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, LaunchTick, PageMail
from proca_web.domain.errors import FieldsRefused, MailChanged
from proca_web.domain.pages import mail_words
from proca_web.domain.pages.mail_words import MailWords
from proca_web.models import ActionPage, AuditEntry, MailText, OutboxMail, Tick
from proca_web.services.petitions.making import mail_pages, mail_texts
from proca_web.services.petitions.making.mail_texts import Typed

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
CONFIRM, THANKS = PageMail.CONFIRM, PageMail.THANK_YOU
TYPED = Typed(
    "Tree friends", "trees@org-one.example.org", "One click, {first_name}", "", "Hi {first_name}\n{confirm_link}"
)
SUGGESTED = mail_words.suggested(CONFIRM, lambda text: text)


@pytest.fixture
def page(session: Session) -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()


def save(session: Session, page: ActionPage, typed: Typed = TYPED, state: str | None = None) -> None:
    state = mail_texts.read(session, page, CONFIRM).state if state is None else state
    mail_texts.save(session, page, CONFIRM, typed, SUGGESTED, state, 1, NOW)


def entries(session: Session) -> list[tuple[str, dict[str, Any]]]:
    found = session.scalars(select(AuditEntry).where(AuditEntry.event.in_(list(CampaignEvent))).order_by(AuditEntry.id))
    return [(entry.event, json.loads(entry.detail)) for entry in found]


def test_own_words_and_sender_are_what_mails_say_from_now_on(session: Session, page: ActionPage) -> None:
    assert mail_pages.page_of(session, page.id).words == {}
    save(session, page)
    read = mail_pages.page_of(session, page.id)
    assert read.words == {CONFIRM: MailWords("One click, {first_name}", "", "Hi {first_name}\n{confirm_link}")}
    assert (read.sender_name, read.reply_to) == ("Tree friends", "trees@org-one.example.org")
    assert entries(session) == [
        (
            "mail-edit",
            {
                "page": "trees",
                "mail": "confirm",
                "subject": ["Please confirm: {title}", "One click, {first_name}"],
                "sender": ["Org One", "Tree friends"],
                "answers": ["hello@org-one.example.org", "trees@org-one.example.org"],
            },
        )
    ]


def test_what_is_suggested_is_kept_by_nobody(session: Session, page: ActionPage) -> None:
    """So that the house's later words, and those of another language, reach these pages."""
    save(session, page, Typed("Org One", "hello@org-one.example.org", *_parts(SUGGESTED)))
    assert (page.mail_name, page.mail_reply_to) == ("", "")
    assert session.scalars(select(MailText)).all() == []
    save(session, page)
    mail_texts.suggest_again(session, page, CONFIRM, SUGGESTED, 1, NOW)
    assert mail_texts.read(session, page, CONFIRM).words is None


def _parts(words: MailWords) -> tuple[str, str, str]:
    return words.subject, words.preheader, words.body


def test_whoever_saves_later_overwrites_nothing_unseen(session: Session, page: ActionPage) -> None:
    before = mail_texts.read(session, page, CONFIRM).state
    save(session, page)
    with pytest.raises(MailChanged):
        save(session, page, state=before)
    mail_texts.suggest_again(session, page, CONFIRM, SUGGESTED, 1, NOW)
    page.mail_name = "Somebody else"
    with pytest.raises(MailChanged):
        save(session, page, state=before)
    assert session.scalars(select(MailText)).all() == []


def test_every_field_that_does_not_pass_has_its_sentence(session: Session, page: ActionPage) -> None:
    with pytest.raises(FieldsRefused) as refused:
        save(session, page, Typed("a@example.org", "nobody", "", "{x}", "no link"))
    assert set(refused.value.faults) == {"sender_name", "reply_to", "subject", "preheader", "body"}
    assert entries(session) == []


def test_mails_are_read_until_one_of_them_or_the_sender_changes(session: Session, page: ActionPage) -> None:
    assert mail_texts.seen(session, page) is None
    mail_texts.see(session, page, mail_texts.mark(session, page), 1, NOW)
    seen = mail_texts.seen(session, page)
    assert seen is not None
    assert (seen.by, seen.at) == ("admin@org-one.example.org", NOW)
    assert entries(session) == [("launch-tick", {"page": "trees", "step": "mails-seen"})]
    save(session, page)
    assert mail_texts.seen(session, page) is None
    mail_texts.see(session, page, mail_texts.mark(session, page), 1, NOW)
    page.org.reply_to = "other@org-one.example.org"
    assert mail_texts.seen(session, page) is not None  # the page has an address of its own
    page.org.mail_name, page.mail_name = "Other name", ""
    assert mail_texts.seen(session, page) is None
    (tick,) = session.scalars(select(Tick))
    assert (tick.what, tick.org_id) == (LaunchTick.MAILS_SEEN, page.org_id)


def test_what_was_not_seen_is_not_ticked(session: Session, page: ActionPage) -> None:
    before = mail_texts.mark(session, page)
    save(session, page)
    with pytest.raises(MailChanged):
        mail_texts.see(session, page, before, 1, NOW)


def test_a_test_goes_to_who_asks_and_to_nobody_else(session: Session, page: ActionPage) -> None:
    mail_texts.ask_test(session, page, THANKS, 1, NOW, transport="org-one")
    (mail,) = session.scalars(select(OutboxMail))
    assert (mail.kind, mail.user_id, mail.email) == ("test-mail@org-one", 1, "")
    assert json.loads(mail.detail) == {"page": page.id, "mail": "thank-you"}
    assert entries(session) == [("mail-test", {"page": "trees", "mail": "thank-you"})]
