"""A mail server that an org enters for itself: how it may be reached, and what its answers to a test mean."""

import re
from collections.abc import Iterable
from enum import StrEnum

from proca_web.domain.messages import N_, Message

# Where mail servers take mails of programs; nothing else of the world is to be reached through us.
WAYS = {"587-starttls": (587, "starttls"), "465-ssl": (465, "ssl"), "2525-starttls": (2525, "starttls")}
WAYS |= {"25-starttls": (25, "starttls")}
LONGEST_ANSWER = 200
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?")
_ADDRESS = re.compile(r"\S*@\S*")
_UNSEEN = re.compile(r"[^\x20-\x7e]+")


class Step(StrEnum):
    """How far the test came: it ended there, or went through."""

    SENT = "sent"
    NAME = "name"
    PRIVATE = "private"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"
    PASSWORD = "password"  # noqa: S105 -- the word for a step, no password
    ENDED = "ended"


MEANINGS = {
    Step.SENT: N_("The test mail is on its way to you."),
    Step.NAME: N_("There is no server of this name. Please compare it with what your provider tells you."),
    Step.PRIVATE: N_("This name leads into a private network, where nothing is sent to from here."),
    Step.REFUSED: N_("The server lets nobody in at this port. Please try the other one."),
    Step.TIMEOUT: N_("The server does not answer at this port. Please try the other one, or ask your provider."),
    Step.TLS: N_(
        "The connection could not be locked, or the server shows a certificate for another name. Please try the other "
        "port, and compare the name with what your provider tells you."
    ),
    Step.LOGIN: N_(
        "It does not take user name and password. Many providers want a password made for one program; look under “app "
        "passwords” there, then test again."
    ),
    Step.SENDER: N_(
        "It does not let this user send from this address. Please enter the address there first, or take the user’s."
    ),
    Step.RECIPIENT: N_("It does not take mail to your own address. Your provider may want you to be approved first."),
    Step.MESSAGE: N_("It took the addresses and then not the mail. Please ask your provider why."),
    Step.PASSWORD: N_("The password cannot be opened any more. Please type it again and test."),
    Step.ENDED: N_("The server ended the conversation. Please test again in a few minutes."),
}


def host(typed: str) -> str:
    """The name of a server as it is asked for. Raises ValueError for what is none, as an address of numbers."""
    name = typed.strip().lower().rstrip(".")
    if not _HOST.fullmatch(name) or name.replace(".", "").isdigit():
        raise ValueError("no name of a server")
    return name


def answer(step: Step, code: int = 0, words: bytes | str = b"", hidden: Iterable[str] = ()) -> str:
    """What is kept of a test: the step, and what the server said at it, without an address and without `hidden`."""
    said = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    for secret in filter(None, hidden):
        said = said.replace(secret, "...")
    said = _ADDRESS.sub("...", _UNSEEN.sub(" ", said)).strip()
    return " ".join(filter(None, (step.value, str(code or ""), said)))[:LONGEST_ANSWER]


def meaning(kept: str) -> Message:
    """What to do about it."""
    word = kept.partition(" ")[0]
    return Message(MEANINGS[Step(word)] if word in set(Step) else MEANINGS[Step.ENDED])


def words(kept: str) -> str:
    """What the server itself said."""
    return kept.partition(" ")[2]
