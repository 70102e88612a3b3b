"""The messages of a mailbox on this machine: an mbox, a Maildir, a file with one message. Nothing in it is changed."""

import mailbox
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

LARGEST_MESSAGE = 1 << 20
STANDARD_INPUT = Path("-")
_MBOX = b"From "


def messages(path: Path) -> Iterator[bytes]:
    """Each message, oldest first as far as the mailbox knows. Raises OSError, ValueError that says what is there."""
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer.read(LARGEST_MESSAGE)
    elif path.is_dir():
        yield from _of_maildir(path)
    elif _begins_with(path) == _MBOX:
        yield from _of_mbox(path)
    else:
        with path.open("rb") as file:
            yield file.read(LARGEST_MESSAGE)


def _begins_with(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MBOX))


def _of_maildir(path: Path) -> Iterator[bytes]:
    folders = [path / name for name in ("new", "cur")]
    if not all(folder.is_dir() for folder in folders):
        raise ValueError("a folder that is no Maildir: it needs new and cur")
    for file in sorted((file for folder in folders for file in folder.iterdir()), key=lambda file: file.name):
        try:
            with file.open("rb") as opened:
                yield opened.read(LARGEST_MESSAGE)
        except FileNotFoundError:  # somebody else reads that mailbox too, and has moved it
            continue


def _of_mbox(path: Path) -> Iterator[bytes]:
    with closing(mailbox.mbox(path, create=False)) as box:
        for key in box.iterkeys():
            with box.get_file(key) as file:
                yield file.read(LARGEST_MESSAGE)
