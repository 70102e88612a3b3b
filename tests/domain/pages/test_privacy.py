"""Who receives a signature: the whole coalition table, and how consents are read."""

from dataclasses import replace
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


# Answers to two further orgs -> their copies, whatever the switches and the other answers are.
FURTHER = """
yes  yes  no/yes  no/yes
yes  no   no/yes  -
yes  ?    no/yes  -
no   yes  -       no/yes
no   no   -       -
no   ?    -       -
?    yes  -       no/yes
?    no   -       -
?    ?    -       -
"""
F1, F2 = Receiver.further("org-three"), Receiver.further("lead")  # named like a part: another one all the same


@pytest.mark.parametrize(("split", "delivery", "force", "opt_in", "lead_opt_in", "collector", "lead"), ROWS)
def test_a_further_org_receives_only_from_who_ticked_it(
    split: str, delivery: str, force: str, opt_in: str, lead_opt_in: str, collector: str, lead: str
) -> None:
    first = written(Receiver.COLLECTOR, collector) + written(Receiver.LEAD, lead)
    table = [tuple(line.split()) for line in FURTHER.strip().splitlines()]
    assert len({row[:2] for row in table}) == 9
    page = replace(policy(split, delivery, force), further=(F1, F2))
    for one, two, copy_of_one, copy_of_two in table:
        consent = Consent(WORDS[opt_in], WORDS[lead_opt_in], {F1: WORDS[one], F2: WORDS[two]})
        assert list(shares(page, consent)) == first + written(F1, copy_of_one) + written(F2, copy_of_two)


def test_further_orgs_are_asked_after_the_others_and_never_always_receive() -> None:
    page = Distribution(split=True, delivery=True, force_delivery=True, further=(F1, F2))
    assert page.always() == (C, L)
    assert page.by_consent() == (F1, F2)
    assert [receiver.field for receiver in page.asks()] == ["opt_in", "lead_opt_in", "opt_in_org-three", "opt_in_lead"]
    alone = Distribution(split=False, delivery=True, force_delivery=False, further=(F1,))
    assert (alone.always(), alone.by_consent(), alone.asks()) == ((C,), (F1,), (C, F1))


def test_each_further_org_has_an_answer_of_its_own() -> None:
    form = {"opt_in": "no", "opt_in_org-three": "yes", "opt_in_nobody": "yes"}
    assert read_consent(form, (C, F1, F2)) == Consent(False, None, {F1: True, F2: False})
    with pytest.raises(FieldsRefused) as refusal:
        read_consent({"opt_in_lead": "on"}, (C, F1, F2))
    assert set(refusal.value.faults) == {"opt_in_lead"}


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
