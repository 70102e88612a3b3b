"""Who runs this site, as every public page says it: its name, its language, where imprint and privacy notice are."""

import re
from dataclasses import dataclass

from proca_web.config.reader import Reader
from proca_web.domain.messages import LANGUAGES

LONGEST_NAME = 80
_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Empty is what is not told: then a page leaves it out."""

    name: str = ""
    imprint_url: str = ""
    privacy_url: str = ""
    language: str = "en"


def read(reader: Reader) -> SiteSettings:
    """PROCA_INSTANCE_NAME, PROCA_IMPRINT_URL, PROCA_PRIVACY_URL and PROCA_LANGUAGE."""
    name = reader.text("PROCA_INSTANCE_NAME")
    if len(name) > LONGEST_NAME or not name.isprintable():
        reader.faults.append(f"PROCA_INSTANCE_NAME must be a name of at most {LONGEST_NAME} characters, on one line")
    language = reader.text("PROCA_LANGUAGE") or LANGUAGES[0]
    if language not in LANGUAGES:
        reader.faults.append(f"PROCA_LANGUAGE must be one of {', '.join(LANGUAGES)}")
    return SiteSettings(name, _link(reader, "PROCA_IMPRINT_URL"), _link(reader, "PROCA_PRIVACY_URL"), language)


def _link(reader: Reader, name: str) -> str:
    link = reader.text(name)
    if link and not _LINK.fullmatch(link):
        reader.faults.append(f"{name} must be like https://example.org/imprint")
    return link
