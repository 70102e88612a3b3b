"""What stops a page from being signed. Signing, home page, console and launch list all ask this one room.

The states of a page and its campaign, and the campaign's dates, make its plan: what those who run it decided. That a
key is lacking or mail is late comes over a page whatever its plan is.
"""

from enum import StrEnum

from proca_web.domain.words import Publication


class Stop(StrEnum):
    """Why a page takes no signature, by the word the console shows."""

    DRAFT = "draft"
    CLOSED = "closed"
    PAUSED = "paused"
    PLANNED = "planned"
    NO_KEY = "stopped"
    LATE_MAIL = "late"


def plan(states: tuple[str, ...], *, is_early: bool, is_over: bool) -> tuple[Stop, ...]:
    """What the states (of a page and its campaign) and dates stop, the weightiest first; nothing: it is open."""
    found = {
        Stop.DRAFT: Publication.DRAFT in states,
        Stop.CLOSED: Publication.CLOSED in states or is_over,
        Stop.PAUSED: Publication.PAUSED in states,
        Stop.PLANNED: is_early,
    }
    return tuple(stop for stop, stands in found.items() if stands)


def stops(planned: tuple[Stop, ...], *, can_receive: bool, mail_is_late: bool) -> tuple[Stop, ...]:
    """All that stops a page: its plan, an org without a key that always receives, and a link that would come late."""
    lacking = () if can_receive else (Stop.NO_KEY,)
    return (*planned, *lacking, *((Stop.LATE_MAIL,) if mail_is_late else ()))


def state(found: tuple[Stop, ...]) -> str:
    """What a page is called that these stop: by the weightiest of them, or live."""
    return found[0] if found else Publication.LIVE
