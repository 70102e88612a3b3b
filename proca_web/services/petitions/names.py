"""What may be a name in addresses of this site, and what may be a link that people follow from it."""

import re
import unicodedata

from proca_web.domain.errors import BadSetting
from proca_web.domain.people import characters

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINK = re.compile(r"https?://[^\s/][^\s]*")

# Control characters, and the separators of lines and paragraphs.
_NO_LINE = frozenset(("Cc", "Cs", "Zl", "Zp"))


def check_name(name: str) -> None:
    """Raise BadSetting unless it is small letters, digits and single dashes."""
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise BadSetting(f"{name!r} is no name: use small letters, digits and single dashes, at most 64")


def check_link(url: str) -> None:
    """Raise BadSetting for anything but a web address or nothing."""
    # It becomes a link people follow; javascript: and the like would run in our pages.
    if url and not _LINK.fullmatch(url):
        raise BadSetting(f"{url!r} is no web address; it must begin with https:// or http://")


def check_line(what: str, text: str) -> None:
    """Raise BadSetting for a text of one line that holds a line break or another control character."""
    if not characters.is_text(text) or any(unicodedata.category(sign) in _NO_LINE for sign in text):
        raise BadSetting(f"{what} is one line of text: it cannot hold line breaks or other control characters")


def check_title(what: str, text: str) -> None:
    """Raise BadSetting for an empty title, or one that is no line of text."""
    check_line(what, text)
    if not text.strip():
        raise BadSetting(f"{what} cannot be empty")


def check_lines(what: str, text: str) -> None:
    """Raise BadSetting for a text of paragraphs that holds control characters besides line breaks."""
    check_line(what, text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " "))
