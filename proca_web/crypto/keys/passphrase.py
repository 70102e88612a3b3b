"""Passphrases of key files: seven generated words of a list of 7,776, 90 bits, or a person's own (protocol 5).

What is typed is read in one way, whatever keyboard or system it comes from; nothing here keeps or shows it.
"""

import secrets
import unicodedata
from functools import cache
from importlib.resources import files

WORDS = 7
SHORTEST = 12


@cache
def word_list() -> tuple[str, ...]:
    """The 7,776 words, in the list's order (see passphrase_words.md for where they come from)."""
    return tuple(files("proca_web.crypto.keys").joinpath("passphrase_words.txt").read_text("utf-8").split())


def generate() -> str:
    """Seven random words joined by spaces; `secrets.choice` draws without bias (rejection sampling)."""
    words = word_list()
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def normalise(typed: str) -> str:
    """What is derived from: in NFKC, then seven words of the list as their bare letters, any other as typed."""
    return _bare(unicodedata.normalize("NFKC", typed))


def readings(typed: str) -> tuple[str, ...]:
    """What a key file may have been sealed with: `normalise`, then as read before NFKC came first, if it differs."""
    return tuple(dict.fromkeys((normalise(typed), _bare(typed))))


def judge(typed: str) -> str | None:
    """Why a passphrase of one's own is too weak for a new key file, as a sentence; None when it will do."""
    text = normalise(typed)
    if len(text) < SHORTEST:
        return f"the passphrase is too short: take at least {SHORTEST} characters, or seven generated words."
    if len(set(text)) == 1:
        return "the passphrase is one character repeated: take another, or seven generated words."
    return None


def _bare(typed: str) -> str:
    letters = "".join(typed.lower().replace("-", " ").split())
    return letters if _reads_as_words(letters) else typed.strip()


def _reads_as_words(letters: str) -> bool:
    known = {word.replace("-", "") for word in word_list()}
    longest = max(map(len, known))
    if len(letters) > WORDS * longest:
        return False
    counts: list[set[int]] = [{0}] + [set() for _ in letters]
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - longest), end):
            if letters[start:end] in known:
                counts[end] |= {count + 1 for count in counts[start]}
    return WORDS in counts[-1]
