"""Generated passphrases: seven words of a list of 7,776, 90 bits (protocol 5); typed ones are forgiven spaces."""

import secrets
from functools import cache
from importlib.resources import files

WORDS = 7


@cache
def word_list() -> tuple[str, ...]:
    """The 7,776 words, in the list's order (see passphrase_words.md for where they come from)."""
    return tuple(files("proca_web.crypto").joinpath("passphrase_words.txt").read_text("utf-8").split())


def generate() -> str:
    """Seven random words joined by spaces; `secrets.choice` draws without bias (rejection sampling)."""
    words = word_list()
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def normalise(typed: str) -> str:
    """What is derived from: seven words of the list as their bare letters, any other passphrase as typed."""
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
