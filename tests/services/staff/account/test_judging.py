"""Which passwords are refused, and that a sentence says why and what to do."""

import hashlib
import re
from pathlib import Path
from time import process_time

import pytest

from proca_web.domain.errors import FieldsRefused
from proca_web.services.staff.account import judging

ABOUT = ["Anna Berg", "anna.berg@street-trees.example.org", "street-trees", "Street Trees"]


def said(password: str) -> str:
    with pytest.raises(FieldsRefused) as refusal:
        judging.require_good(password, ABOUT)
    message = refusal.value.faults["password"]
    return message.text % message.values


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "shorter than 12"),
        ("short words", "shorter than 12"),
        ("x" * 129, "longer than 128"),
        ("1qaz2wsx3edc", "100,000 most common"),
        (" QWERTY123456 ", "100,000 most common"),
        ("vbnm,./;lkjhg", "beside each other"),
        ("bluedoorbluedoor", "again and again"),
        ("Anna.Berg1", "shorter than 12"),
        ("anna-berg-1984", "your name"),
        ("street-trees!", "your name"),
        ("abcdefghijklmn", "in their order"),
        ("12.03.1984 x", "A date"),
        ("dragonmonkey1", "many people use"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "again and again"),
    ],
)
def test_what_is_guessed_early_is_refused_with_the_reason(password: str, why: str) -> None:
    assert why in said(password)
    assert "lease" in said(password) or "enough" in said(password), "and with what to do"


@pytest.mark.parametrize(
    "password",
    ["quiet bridge over seven lakes", "tiefes Wasser unter Bäumen", "тихий мост над озером", "kX9#vLq2!mZt7"],
)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    judging.require_good(password, ABOUT)


def test_judging_takes_no_longer_for_what_is_made_to_be_slow() -> None:
    judging.require_good("quiet bridge over seven lakes")
    began = process_time()
    judging.require_good("4@8({[<369&#!1/|70$5+%2" * 5)
    assert process_time() - began < 1


def test_the_list_is_the_one_described() -> None:
    folder = Path(judging.__file__).parent
    described = re.search(r"^- sha256: ([0-9a-f]{64})$", (folder / "common_passwords.md").read_text(), re.M)
    assert described is not None
    content = (folder / "common_passwords.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == described[1]
    assert min(map(len, content.decode().split())) == 12


def test_a_server_loads_the_judge_only_where_a_password_is_chosen() -> None:
    import subprocess
    import sys

    loaded = "import sys, proca_web.app; print('zxcvbn' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"
