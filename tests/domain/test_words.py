"""Words that leave the house stay as they are, byte for byte; those kept inside have one name each."""

from pathlib import Path

from proca_web.crypto.keys.key_log import ENDING
from proca_web.domain.words import KeyEvent

TEMPLATES = Path(__file__).parents[2] / "templates" / "email" / "staff"


def test_the_key_log_says_what_it_always_said() -> None:
    published = {
        KeyEvent.HOME: "home",
        KeyEvent.HOME_ROTATED: "home-rotate",
        KeyEvent.HOME_ANEW: "home-anew",
        KeyEvent.ACTIVATED: "activate",
        KeyEvent.RETIRED: "retire",
        KeyEvent.REVOKED: "revoke",
        KeyEvent.EXPIRED: "expire",
        KeyEvent.CHANGE_OPENED: "discontinuity",
        KeyEvent.CHANGE_CANCELLED: "cancel",
    }
    assert [str(event) for event in published] == list(published.values())
    assert set(ENDING) == {KeyEvent.RETIRED, KeyEvent.REVOKED}


def test_every_mail_about_keys_is_named_by_what_happened() -> None:
    told = {event.told for event in KeyEvent}
    assert {path.stem for path in TEMPLATES.glob("key*.txt")} <= told
    assert len(told) == len(KeyEvent)
