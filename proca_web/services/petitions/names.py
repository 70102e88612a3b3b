"""What may be a name in addresses of this site, and what may be a link that people follow from it."""

import re

from proca_web.domain.errors import BadSetting

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINK = re.compile(r"https?://[^\s/][^\s]*")


def check_name(name: str) -> None:
    """Raise BadSetting unless it is small letters, digits and single dashes."""
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise BadSetting(f"{name!r} is no name: use small letters, digits and single dashes, at most 64")


def check_link(url: str) -> None:
    """Raise BadSetting for anything but a web address or nothing."""
    # It becomes a link people follow; javascript: and the like would run in our pages.
    if url and not _LINK.fullmatch(url):
        raise BadSetting(f"{url!r} is no web address; it must begin with https:// or http://")
