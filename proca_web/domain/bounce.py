"""What a report says about a mail of ours: whose recipient surely is not there; nothing else of it is kept."""

import re
from dataclasses import dataclass, field

from proca_web.domain.outcome import is_about_the_recipient

# RFC 3463: `550 5.1.1 …`, or at the very beginning; an address of a server has no code's form there.
_ENHANCED = re.compile(r"(?:\A|\b[245]\d\d[ -])\s*([245]\.\d{1,3}\.\d{1,3})(?!\.?\w)")
_LOOKED_AT = 1000
_SAYS_NOTHING = ("", "5.0.0")


@dataclass(frozen=True, slots=True)
class Report:
    """A mail that came back for good: where in the report words of ours stand that name it, the surest first."""

    named_in: tuple[str, ...] = field(repr=False)


def is_gone(status: object, diagnostic: object = "") -> bool:
    """Whether the recipient surely is not there: few codes say so; a status that says nothing gives way."""
    code = status.strip() if isinstance(status, str) else ""
    return is_about_the_recipient(code_in(diagnostic) if code in _SAYS_NOTHING else code)


def code_in(diagnostic: object) -> str:
    """The enhanced status code in what the other server said; empty where there is none."""
    said = diagnostic[:_LOOKED_AT].removeprefix("smtp;") if isinstance(diagnostic, str) else ""
    found = _ENHANCED.search(said)
    return found[1] if found else ""
