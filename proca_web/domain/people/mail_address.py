"""A mail address as it comes out of the clipboard, and as people read it. Which one is good says `text.email`."""

import re

import idna

from proca_web.domain.people import characters

_WRAPPINGS = (
    *(("<", ">"), ("(", ")"), ("[", "]"), ('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("‘", "’"), ("‚", "‘")),
    *(("«", "»"), ("»", "«"), ("‹", "›")),
)
# As mail programs copy it: the person's name, then the address (RFC 5322 3.4, name-addr).
_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")
_LINK = re.compile(r"(?i)mailto:(?://)?([^?]*)(?:\?.*)?", re.DOTALL)


def unwrapped(typed: str) -> str:
    """Without what was pasted along: spaces, mailto:, a name, brackets or quotes around it, a full stop or comma."""
    text = ascii_forms(characters.visible(typed)).strip()
    before = ""
    while text != before:
        before = text
        text = text.rstrip(".,;:").strip()
        pasted = _LINK.fullmatch(text) or _NAMED.fullmatch(text)
        text = pasted[1].strip() if pasted else text
        for opening, closing in _WRAPPINGS:
            if text.startswith(opening) and text.endswith(closing):
                text = text[1:-1].strip()
    return text


def ascii_forms(text: str) -> str:
    """Full-width letters, digits, @ and dots as the ASCII ones; all other letters stay."""
    if text.isascii():
        return text
    return "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text).replace("﹫", "@")


def readable(address: str) -> str:
    """An address as its owner reads it, its domain in its own letters; browsers and mail put them into ASCII."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return address
