"""Whatever can stand in a record has a sentence, and its facts are read as they were written."""

import pytest

from proca_web.domain import record
from proca_web.domain.record import SENTENCES, Subject
from proca_web.domain.staff_words import AccountEvent, FactorEvent, StaffEvent
from proca_web.domain.words import KeyEvent

# Told by mail alone, or by the key log.
NOT_RECORDED = {
    AccountEvent.NEW_DEVICE,
    AccountEvent.RESET,
    AccountEvent.ADDRESS_OF_BEFORE,
    AccountEvent.NEW_ADDRESS,
}


def test_what_people_do_has_a_sentence() -> None:
    recorded = {event.told for event in StaffEvent} | {event.told for event in set(AccountEvent) - NOT_RECORDED}
    assert recorded | set(FactorEvent) | {KeyEvent.REVOKED.told, "export"} <= set(SENTENCES)
    assert all(record.events_about(subject) for subject in Subject)


@pytest.mark.parametrize(
    ("detail", "facts"),
    [
        ("", {}),
        ("{}", {}),
        ("EXGT-1RSR", {"detail": "EXGT-1RSR"}),
        ('{"role":"owner","before":""}', {"role": "owner"}),
        ('{"title":["Old","New"],"goal":[null,5]}', {"title": "Old → New", "goal": "– → 5"}),
        ('{"filters":{"campaign":"trees"}}', {"filters": "campaign trees"}),
        ("[1]", {"detail": "[1]"}),
        ("7", {"detail": "7"}),
    ],
)
def test_facts_are_read_as_they_were_written(detail: str, facts: dict[str, str]) -> None:
    assert record.facts(detail) == facts
