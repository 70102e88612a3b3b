"""A mail as pieces: what stays as bytes ready for the wire, and the few lines that hold somebody's name or link.

A mark is a random word that no text holds; it is cut out when the form is made, so nothing filled in is read as one.
"""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from proca_web.adapters.mail.letters import doubled, quoted_printable, subject_line

NAME, CONFIRM, WITHDRAW, NUMBER = MARKS = tuple(f"proca{secrets.token_hex(8)}{letter}" for letter in "ncwp")
_NUMBER_OF = {mark: number for number, mark in enumerate(MARKS)}
_MARK = re.compile(f"({'|'.join(MARKS)})")
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Line:
    """Text that stays, or the number of the value that stands there; as a subject it is encoded as one."""

    pieces: tuple[str | int, ...]
    is_subject: bool = False

    def filled(self, values: Sequence[str]) -> bytes:
        """The line with a person's values, as the wire has it."""
        text = "".join([values[piece] if isinstance(piece, int) else piece for piece in self.pieces])
        if self.is_subject:
            return f"{subject_line(text)}\r\n".encode("ascii")
        if "\r" in text[:-2] or "\n" in text[:-2]:
            return doubled(quoted_printable(text).encode("ascii"))
        encoded = b2a_qp(text.encode(), istext=True)
        return doubled(encoded) if b"." in encoded else encoded


def fixed(lines: Sequence[str]) -> bytes:
    """Lines that hold nothing to fill in and nothing to encode."""
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def subject(text: str) -> bytes | Line:
    """The subject's header."""
    pieces = _MARK.split(text)
    if len(pieces) == 1:
        return fixed([subject_line(text)])
    return Line(tuple(_NUMBER_OF.get(piece, piece) for piece in pieces), is_subject=True)


def body(text: str, shift: int) -> Iterator[bytes | Line]:
    """A body; `shift`: where its values begin among all."""
    for line in _LINE_END.split(text):
        pieces = _MARK.split(line)
        if len(pieces) == 1:
            yield doubled(quoted_printable(f"{line}\n").encode("ascii"))
        else:
            ended = (*pieces[:-1], pieces[-1] + "\r\n")
            yield Line(tuple(_NUMBER_OF[piece] + shift if piece in _NUMBER_OF else piece for piece in ended))


def joined(parts: Iterable[bytes | Line]) -> tuple[bytes | Line, ...]:
    """Neighbours that stay as they are become one."""
    found: list[bytes | Line] = [b""]
    for part in parts:
        if isinstance(part, bytes) and isinstance(found[-1], bytes):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)
