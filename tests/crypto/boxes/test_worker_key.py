"""A worker key is sealed to only where the Home identity signed host, key and times."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from nacl.signing import VerifyKey

from proca_web.crypto.boxes import worker_key
from proca_web.crypto.boxes.worker_key import LIFE, WorkerKey
from tests.crypto.making import new_home

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
HOME = new_home()
HOST, PUBLIC = "0123456789abcdef", b"p" * 32
GOOD = WorkerKey(1, HOST, PUBLIC, NOW, NOW + LIFE, worker_key.issue(HOME, HOST, PUBLIC, NOW))


def test_the_certificate_is_the_bytes_of_the_protocol() -> None:
    times = int(NOW.timestamp()).to_bytes(8, "big") + int((NOW + LIFE).timestamp()).to_bytes(8, "big")
    message = b"proca-web:worker-key:v1\x00" + (16).to_bytes(4, "big") + HOST.encode() + PUBLIC + times
    VerifyKey(HOME.identity).verify(message, GOOD.certificate)
    assert GOOD.is_vouched_for(HOME.identity)


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "0123456789abcdee"},
        {"public": b"q" * 32},
        {"not_before": NOW + timedelta(seconds=1), "not_after": NOW + LIFE + timedelta(seconds=1)},
        {"not_after": NOW + LIFE + timedelta(hours=1)},
        {"certificate": GOOD.certificate[:-1] + bytes([GOOD.certificate[-1] ^ 1])},
        {"certificate": b""},
    ],
    ids=["host", "key", "times", "life", "signature", "none"],
)
def test_a_key_that_is_changed_in_any_part_is_not_vouched_for(changed: dict[str, object]) -> None:
    assert not replace(GOOD, **changed).is_vouched_for(HOME.identity)  # type: ignore[arg-type]


def test_another_identitys_word_does_not_count() -> None:
    assert not GOOD.is_vouched_for(new_home().identity)
