"""Who receives a signature: the whole coalition table, and how consents are read."""

from itertools import product

import pytest

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.privacy import Consent, Distribution, Receiver, Share, read_consent, shares

# split, page.delivery, campaign.force_delivery, opt_in, lead_opt_in -> collector's copy, lead's copy
# A copy is delivery/communication, each yes, no or ? (not asked); - is no copy.
TABLE = """
no   yes  no   yes  yes   yes/yes  -
no   yes  no   yes  no    yes/yes  -
no   yes  no   yes  ?     yes/yes  -
no   yes  no   no   yes   yes/no   -
no   yes  no   no   no    yes/no   -
no   yes  no   no   ?     yes/no   -
no   yes  no   ?    yes   yes/?    -
no   yes  no   ?    no    yes/?    -
no   yes  no   ?    ?     yes/?    -
no   yes  yes  yes  yes   yes/yes  -
no   yes  yes  yes  no    yes/yes  -
no   yes  yes  yes  ?     yes/yes  -
no   yes  yes  no   yes   yes/no   -
no   yes  yes  no   no    yes/no   -
no   yes  yes  no   ?     yes/no   -
no   yes  yes  ?    yes   yes/?    -
no   yes  yes  ?    no    yes/?    -
no   yes  yes  ?    ?     yes/?    -
no   no   no   yes  yes   yes/yes  -
no   no   no   yes  no    yes/yes  -
no   no   no   yes  ?     yes/yes  -
no   no   no   no   yes   yes/no   -
no   no   no   no   no    yes/no   -
no   no   no   no   ?     yes/no   -
no   no   no   ?    yes   yes/?    -
no   no   no   ?    no    yes/?    -
no   no   no   ?    ?     yes/?    -
no   no   yes  yes  yes   yes/yes  -
no   no   yes  yes  no    yes/yes  -
no   no   yes  yes  ?     yes/yes  -
no   no   yes  no   yes   yes/no   -
no   no   yes  no   no    yes/no   -
no   no   yes  no   ?     yes/no   -
no   no   yes  ?    yes   yes/?    -
no   no   yes  ?    no    yes/?    -
no   no   yes  ?    ?     yes/?    -
yes  yes  no   yes  yes   yes/yes  no/yes
yes  yes  no   yes  no    yes/yes  -
yes  yes  no   yes  ?     yes/yes  -
yes  yes  no   no   yes   yes/no   no/yes
yes  yes  no   no   no    yes/no   -
yes  yes  no   no   ?     yes/no   -
yes  yes  no   ?    yes   yes/?    no/yes
yes  yes  no   ?    no    yes/?    -
yes  yes  no   ?    ?     yes/?    -
yes  yes  yes  yes  yes   yes/yes  yes/yes
yes  yes  yes  yes  no    yes/yes  yes/no
yes  yes  yes  yes  ?     yes/yes  yes/?
yes  yes  yes  no   yes   yes/no   yes/yes
yes  yes  yes  no   no    yes/no   yes/no
yes  yes  yes  no   ?     yes/no   yes/?
yes  yes  yes  ?    yes   yes/?    yes/yes
yes  yes  yes  ?    no    yes/?    yes/no
yes  yes  yes  ?    ?     yes/?    yes/?
yes  no   no   yes  yes   no/yes   yes/yes
yes  no   no   yes  no    no/yes   yes/no
yes  no   no   yes  ?     no/yes   yes/?
yes  no   no   no   yes   -        yes/yes
yes  no   no   no   no    -        yes/no
yes  no   no   no   ?     -        yes/?
yes  no   no   ?    yes   -        yes/yes
yes  no   no   ?    no    -        yes/no
yes  no   no   ?    ?     -        yes/?
yes  no   yes  yes  yes   no/yes   yes/yes
yes  no   yes  yes  no    no/yes   yes/no
yes  no   yes  yes  ?     no/yes   yes/?
yes  no   yes  no   yes   -        yes/yes
yes  no   yes  no   no    -        yes/no
yes  no   yes  no   ?     -        yes/?
yes  no   yes  ?    yes   -        yes/yes
yes  no   yes  ?    no    -        yes/no
yes  no   yes  ?    ?     -        yes/?
"""
WORDS: dict[str, bool | None] = {"yes": True, "no": False, "?": None}
ROWS = [tuple(line.split()) for line in TABLE.strip().splitlines()]


def policy(split: str, delivery: str, force: str) -> Distribution:
    return Distribution(bool(WORDS[split]), bool(WORDS[delivery]), bool(WORDS[force]))


def written(receiver: Receiver, copy: str) -> list[Share]:
    if copy == "-":
        return []
    deliver, communicate = copy.split("/")
    return [Share(receiver, bool(WORDS[deliver]), WORDS[communicate])]


def test_the_table_holds_every_case_once() -> None:
    switches = list(product(("yes", "no"), repeat=3))
    answers = list(product(WORDS, repeat=2))
    assert len(ROWS) == len(switches) * len(answers)
    assert {row[:5] for row in ROWS} == {(*switch, *answer) for switch in switches for answer in answers}


@pytest.mark.parametrize(("split", "delivery", "force", "opt_in", "lead_opt_in", "collector", "lead"), ROWS)
def test_each_org_receives_what_the_table_says(
    split: str, delivery: str, force: str, opt_in: str, lead_opt_in: str, collector: str, lead: str
) -> None:
    consent = Consent(WORDS[opt_in], WORDS[lead_opt_in])
    made = shares(policy(split, delivery, force), consent)
    assert list(made) == written(Receiver.COLLECTOR, collector) + written(Receiver.LEAD, lead)


C, L = Receiver.COLLECTOR, Receiver.LEAD


@pytest.mark.parametrize(
    ("split", "delivery", "force", "always", "by_consent", "asks"),
    [
        ("no", "yes", "no", [C], [], [C]),
        ("no", "yes", "yes", [C], [], [C]),
        ("no", "no", "no", [C], [], [C]),
        ("no", "no", "yes", [C], [], [C]),
        ("yes", "yes", "no", [C], [L], [C, L]),
        ("yes", "yes", "yes", [C, L], [], [C, L]),
        ("yes", "no", "no", [L], [C], [C, L]),
        ("yes", "no", "yes", [L], [C], [C, L]),
    ],
)
def test_the_form_and_the_preview_ask_the_same_policy(
    split: str, delivery: str, force: str, always: list[Receiver], by_consent: list[Receiver], asks: list[Receiver]
) -> None:
    asked = policy(split, delivery, force)
    assert (list(asked.always()), list(asked.by_consent()), list(asked.asks())) == (always, by_consent, asks)


@pytest.mark.parametrize(("split", "delivery", "force"), list(product(("yes", "no"), repeat=3)))
def test_somebody_always_receives(split: str, delivery: str, force: str) -> None:
    assert shares(policy(split, delivery, force), Consent(False, False))


@pytest.mark.parametrize(
    ("form", "consent"),
    [
        ({}, Consent(False, False)),
        ({"opt_in": "yes"}, Consent(True, False)),
        ({"opt_in": "no", "lead_opt_in": "yes"}, Consent(False, True)),
        ({"opt_in": "", "lead_opt_in": ""}, Consent(False, False)),
        ({"opt_in": "yes", "lead_opt_in": "yes"}, Consent(True, True)),
    ],
)
def test_what_was_asked_and_not_answered_is_no_consent(form: dict[str, str], consent: Consent) -> None:
    assert read_consent(form, (C, L)) == consent


@pytest.mark.parametrize(
    ("asked", "consent"), [((C,), Consent(True, None)), ((L,), Consent(None, True)), ((), Consent(None, None))]
)
def test_an_answer_to_a_question_that_was_not_asked_is_not_heard(asked: tuple[Receiver, ...], consent: Consent) -> None:
    assert read_consent({"opt_in": "yes", "lead_opt_in": "yes"}, asked) == consent


@pytest.mark.parametrize("typed", ["on", "true", "YES", " yes", "1", "yes\n", "nein"])
def test_only_yes_and_no_are_answers(typed: str) -> None:
    with pytest.raises(FieldsRefused) as refusal:
        read_consent({"opt_in": typed, "lead_opt_in": typed}, (C, L))
    assert set(refusal.value.faults) == {"opt_in", "lead_opt_in"}
