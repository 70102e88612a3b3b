"""Whether a password is hard to guess, in a sentence that says what to do. Slow; never inside a transaction."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.services.staff.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD

# zxcvbn: 3 is "safely unguessable", more than a hundred million tries. It takes seconds for 40 odd ones.
GOOD_ENOUGH = 3
JUDGED_CHARACTERS = 24
OF_ONE_S_OWN = 8  # letters and digits beside those of one's name, address and organisation

_SHORT = N_(
    "This is shorter than %(shortest)s characters. Four words that have nothing to do with each other are enough."
)
_LONG = N_("This is longer than %(longest)s characters. Please shorten it.")
_COMMON = N_(
    "This is one of the 100,000 most common passwords, which are tried first. Please take four words that have nothing "
    "to do with each other."
)
_ABOUT_YOU = N_(
    "This is made of your name, your address or your organisation, which everybody can guess. Please take four words "
    "that have nothing to do with you."
)
_WHY: Mapping[str, str] = {
    "dictionary": N_(
        "This is close to a word or password that many people use. Please add two or three words that have nothing to "
        "do with it."
    ),
    "spatial": N_("Keys that lie beside each other are guessed early. Please take four words instead."),
    "repeat": N_("The same again and again is guessed early. Please take four different words."),
    "sequence": N_("Letters or digits in their order are guessed early. Please take four words instead."),
    "date": N_("A date is guessed early. Please take four words instead, or add three to it."),
}
_EASY = N_("This is guessed too easily. Please add two or three words that have nothing to do with the rest.")


def require_good(password: str, about: Iterable[str] = ()) -> None:
    """Raise FieldsRefused, with why and what to do, for a password that is short, common or easy to guess.

    `about`: what whoever guesses knows of this person, as their name, their address and what their orgs are called.
    """
    fault = _fault(password, [part for said in about for part in _parts(said)])
    if fault is not None:
        raise FieldsRefused({"password": fault})


def _fault(password: str, known: list[str]) -> Message | None:
    if len(password) < SHORTEST_PASSWORD:
        return Message(_SHORT, {"shortest": SHORTEST_PASSWORD})
    if len(password) > LONGEST_PASSWORD:
        return Message(_LONG, {"longest": LONGEST_PASSWORD})
    if password.strip().lower() in _common():
        return Message(_COMMON)
    if _is_about(password.lower(), known):
        return Message(_ABOUT_YOU)
    judged = _judge(password, known)
    return None if judged["score"] >= GOOD_ENOUGH else Message(_why(judged["sequence"]))


def _judge(password: str, known: list[str]) -> Mapping[str, Any]:
    from zxcvbn import zxcvbn  # noqa: PLC0415 -- its lists take 0.2 s and 15 MB, where a password is chosen only

    judged: Mapping[str, Any] = zxcvbn(password[:JUDGED_CHARACTERS], user_inputs=known)
    return judged


def _why(found: Iterable[Mapping[str, Any]]) -> str:
    """What makes up most of it."""
    longest = max(found, key=lambda part: len(part["token"]))
    if longest.get("dictionary_name") == "user_inputs":
        return _ABOUT_YOU
    return _WHY.get(longest["pattern"], _EASY)


def _is_about(password: str, known: Iterable[str]) -> bool:
    """Whether little is left once what is known of the person is taken out; zxcvbn does not know whom it judges."""
    rest = password
    for part in sorted(known, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != password and sum(map(str.isalnum, rest)) < OF_ONE_S_OWN


def _parts(said: str) -> list[str]:
    """A text and the words in it."""
    words = "".join(character if character.isalnum() else " " for character in said).split()
    return [part.lower() for part in (said, *words) if len(part) > 2]


@cache
def _common() -> frozenset[str]:
    """See common_passwords.md for where they come from."""
    text = files("proca_web.services.staff.account").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())
