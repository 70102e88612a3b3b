"""What a supporter reads before signing: complete, kept word for word, found again by its hash."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.pages.privacy import Receiver
from proca_web.domain.pages.wording import Box, LegalNotice, Wording, compose

C, L = Receiver.COLLECTOR, Receiver.LEAD
ONE = LegalNotice("Org One", "One e.V.", "privacy@one.example.org", "https://one.example.org/p", "We keep it a year.")
TWO = LegalNotice("Org Two", "Two e.V.", "privacy@two.example.org", "https://two.example.org/p", "We keep it a month.")


def same(text: str) -> str:
    return text


def made(receives: Mapping[Receiver, LegalNotice], always: tuple[Receiver, ...], title: str = "Trees") -> Wording:
    return compose(title, receives, always, tuple(receives), same)


def test_one_org_is_named_with_its_question_and_its_notice() -> None:
    wording = made({C: ONE}, (C,))
    assert "“Trees”" in wording.statement
    assert "political opinion" in wording.statement
    assert [box.field for box in wording.boxes] == ["opt_in"]
    (notice,) = wording.notices
    for part in ("Org One", "One e.V.", "privacy@one.example.org", "https://one.example.org/p", "We keep it a year."):
        assert part in notice


@pytest.mark.parametrize(("always", "named"), [((C,), "Org Two"), ((L,), "Org One"), ((C, L), "Org Two and Org One")])
def test_the_statement_names_only_who_always_receives(always: tuple[Receiver, ...], named: str) -> None:
    statement = made({C: TWO, L: ONE}, always).statement
    assert f"I ask {named} to count" in statement
    assert f"I agree that {named} uses" in statement


def test_two_orgs_have_a_question_each_and_say_that_they_act_together() -> None:
    wording = made({C: TWO, L: ONE}, (C,))
    assert [(box.field, box.org) for box in wording.boxes] == [("opt_in", "Org Two"), ("lead_opt_in", "Org One")]
    assert all(box.org in box.text for box in wording.boxes)
    assert "Org Two and Org One run this petition together" in wording.notices[-1]


def test_up_to_four_orgs_are_named_asked_about_and_say_who_they_are() -> None:
    three, four = (replace(ONE, title=title) for title in ("Org Three", "Org Four"))
    further = (Receiver.further("org-three"), Receiver.further("org-four"))
    wording = made({C: TWO, L: ONE, further[0]: three, further[1]: four}, (C, L))
    assert [box.field for box in wording.boxes] == ["opt_in", "lead_opt_in", "opt_in_org-three", "opt_in_org-four"]
    assert "I ask Org Two and Org One to count" in wording.statement
    assert len(wording.notices) == 5
    assert wording.notices[-1].startswith("Org Two, Org One, Org Three and Org Four run this petition together.")


def test_a_page_may_ask_in_its_own_words() -> None:
    own = {"lead_opt_in": "100 % news of %(org)s?", "opt_in": ""}
    wording = compose("Trees", {C: TWO, L: ONE}, (C,), (C, L), same, questions=own)
    assert wording.boxes[1].text == "100 % news of Org One?"
    assert "Org Two may also keep me informed" in wording.boxes[0].text
    assert wording.hash != made({C: TWO, L: ONE}, (C,)).hash


def test_an_org_that_cannot_receive_is_not_asked_about() -> None:
    wording = compose("Trees", {C: TWO}, (C,), (C, L), same)
    assert [box.field for box in wording.boxes] == ["opt_in"]


def test_the_hash_is_the_sha256_of_the_body_as_anybody_can_compute_it() -> None:
    wording = made({C: ONE}, (C,))
    digest = hashlib.sha256(wording.body.encode()).digest()
    assert base64.urlsafe_b64decode(wording.hash + "=") == digest


def test_the_body_holds_every_part_that_was_shown() -> None:
    wording = made({C: TWO, L: ONE}, (C,))
    for part in (wording.statement, *(box.text for box in wording.boxes), *wording.notices):
        assert part in wording.body


@pytest.mark.parametrize(
    "other",
    [
        made({C: ONE}, (C,), title="Bees"),
        made({C: TWO}, (C,)),
        made({C: ONE, L: TWO}, (C,)),
        compose("Trees", {C: ONE}, (C,), (), same),
        compose("Trees", {C: ONE}, (C,), (C,), lambda text: f"{text}!"),
    ],
    ids=["title", "org", "lead", "question", "language"],
)
def test_whatever_changes_for_the_reader_changes_the_hash(other: Wording) -> None:
    assert other.hash != made({C: ONE}, (C,)).hash


def test_the_same_inputs_give_the_same_hash() -> None:
    assert made({C: ONE}, (C,)).hash == made({C: ONE}, (C,)).hash


def test_every_sentence_goes_through_the_translation() -> None:
    wording = compose("Trees", {C: ONE, L: TWO}, (C, L), (C, L), lambda text: f"⟨{text}⟩")
    for text in (wording.statement, *(box.text for box in wording.boxes), *wording.notices):
        assert text.startswith("⟨")


@given(title=st.text(max_size=40), org=st.text(max_size=40))
def test_a_title_may_hold_any_character_and_is_quoted_exactly(title: str, org: str) -> None:
    notice = LegalNotice(org, "%(title)s", "100 %", "https://one.example.org/%20", "%s")
    wording = compose(title, {C: notice}, (C,), (C,), same)
    assert f"“{title}”" in wording.statement
    assert org in wording.notices[0]
    assert Wording.loads(wording.dumps()) == wording


def test_the_parts_survive_being_kept_as_json() -> None:
    wording = Wording("I agree.", (Box("opt_in", "Org “One”", "Yes?\n"),), ("a notice", "a%s"))
    assert Wording.loads(wording.dumps()) == wording
    assert Wording.loads(wording.dumps()).hash == wording.hash


@pytest.mark.parametrize("missing", ["legal_name", "contact", "privacy_url", "retention"])
def test_a_notice_is_complete_with_all_four_parts_only(missing: str) -> None:
    parts = {"legal_name": "a", "contact": "b", "privacy_url": "c", "retention": "d"}
    assert LegalNotice("Org", **parts).is_complete
    assert not LegalNotice("Org", **(parts | {missing: ""})).is_complete
