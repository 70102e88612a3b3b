"""How a petition is passed on: addresses that say by which way somebody came, and nothing about who shared them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

WHATSAPP, OTHER = "whatsapp", "other"  # the channels with words of their own
_MEDIA = ("telegram", "bluesky", "mastodon", "email")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to share: where it leads, and the very message that is sent."""

    medium: str
    name: str
    target: str
    message: str


@dataclass(frozen=True, slots=True)
class Ways:
    """All of them: the first one, the others, and what a browser shares or copies by itself."""

    whatsapp: Way
    others: Sequence[Way]
    message: str
    native: str
    copied: str


def ways(url: str, title: str, demand: str, texts: Mapping[str, str]) -> Ways:
    """The ways to share the page at that address, in its own words where it has some."""
    said = texts.get(OTHER) or title
    telegram, bluesky, mastodon, email = (tagged(url, medium) for medium in _MEDIA)
    first = message(texts.get(WHATSAPP) or title, tagged(url, WHATSAPP))
    mail = message(texts.get(OTHER) or demand, email, apart="\n\n")
    return Ways(
        whatsapp=Way(WHATSAPP, "WhatsApp", f"https://wa.me/?text={encoded(first)}", first),
        others=(
            Way("telegram", "Telegram", _telegram(telegram, said), message(said, telegram)),
            _posted("bluesky", "Bluesky", "https://bsky.app/intent/compose?text=", message(said, bluesky)),
            _posted("mastodon", "Mastodon", "https://share.joinmastodon.org/#text=", message(said, mastodon)),
            Way("email", "", f"mailto:?subject={encoded(title)}&body={encoded(mail)}", mail),
        ),
        message=said,
        native=tagged(url, "native"),
        copied=tagged(url, "copy"),
    )


def tagged(url: str, medium: str) -> str:
    """The address with the way it is shared."""
    return f"{url}?{urlencode({'utm_source': 'share', 'utm_medium': medium})}"


def message(text: str, url: str, apart: str = " ") -> str:
    """What is sent: the words, then the address."""
    return f"{text.strip()}{apart}{url}"


def encoded(text: str) -> str:
    """Percent-encoded as RFC 3986 wants it, a line end as mail has it."""
    return quote(text.replace("\r\n", "\n").replace("\n", "\r\n"), safe="")


def _posted(medium: str, name: str, at: str, text: str) -> Way:
    return Way(medium, name, at + encoded(text), text)


def _telegram(url: str, text: str) -> str:
    return f"https://t.me/share/url?url={encoded(url)}&text={encoded(text)}"
