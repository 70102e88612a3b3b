"""Who runs this site, as every public page says it: its name, and where its imprint and privacy notice are."""

import re
from dataclasses import dataclass

from proca_web.config.reader import Reader

LONGEST_NAME = 80
_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Empty is what is not told: then a page leaves it out."""

    name: str = ""
    imprint_url: str = ""
    privacy_url: str = ""


def read(reader: Reader) -> SiteSettings:
    """PROCA_INSTANCE_NAME, PROCA_IMPRINT_URL and PROCA_PRIVACY_URL."""
    name = reader.text("PROCA_INSTANCE_NAME")
    if len(name) > LONGEST_NAME or not name.isprintable():
        reader.faults.append(f"PROCA_INSTANCE_NAME must be a name of at most {LONGEST_NAME} characters, on one line")
    return SiteSettings(name, _link(reader, "PROCA_IMPRINT_URL"), _link(reader, "PROCA_PRIVACY_URL"))


def _link(reader: Reader, name: str) -> str:
    link = reader.text(name)
    if link and not _LINK.fullmatch(link):
        reader.faults.append(f"{name} must be like https://example.org/imprint")
    return link
