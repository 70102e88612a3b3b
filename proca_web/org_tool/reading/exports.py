"""Opening the files to read: what kind each is (told by its content), and its lines, never too long for memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.reading import csv_export, ndjson_export
from proca_web.org_tool.reading.completeness import Completeness
from proca_web.org_tool.reading.csv_export import Entry
from proca_web.org_tool.reading.lines import LONGEST_LINE, is_endless

_BOM = b"\xef\xbb\xbf"


class Export:
    """One encrypted export, its kind known and its header read."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self.bytes_read = 0
        self._whole = Completeness(name)
        self._stream = stream
        lines = self._lines()
        number, first = next(((number, line) for number, line in lines if line.strip(b"\r\n\t " + _BOM)), (0, b""))
        if not number:
            raise ToolError(f"{name}: the file is empty; download the export again.")
        if first.removeprefix(_BOM).lstrip().startswith(b"{"):
            whole = chain([(number, first.removeprefix(_BOM))], lines)
            self._entries = ndjson_export.rows(whole, self._whole)
        else:
            self._entries = csv_export.rows(lines, csv_export.read_header(first, name), self._whole)

    @property
    def faults(self) -> list[str]:
        """Which rows are missing, told by the mark at the end; complete once every row was read."""
        return self._whole.faults

    def __iter__(self) -> Iterator[Entry]:
        """The rows with their line numbers, in the file's order."""
        return self._entries

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := self._stream.readline(LONGEST_LINE):
            number += 1
            self.bytes_read += len(line)
            yield number, line
            if is_endless(line):
                self._skip_line()

    def _skip_line(self) -> None:
        while (rest := self._stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            self.bytes_read += len(rest)


@contextmanager
def open_export(path: str) -> Iterator[Export]:
    """One export by its path, `-` for standard input. Raises ToolError when it cannot be read as one."""
    if path == "-":
        yield Export(sys.stdin.buffer, "standard input")
    else:
        with _open(Path(path)) as stream:
            yield Export(stream, path)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb", buffering=1 << 20)
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.") from error


def size(paths: tuple[str, ...]) -> int | None:
    """The bytes of all exports together; None when one of them is a stream without a known end."""
    files = [Path(path) for path in paths]
    return sum(file.stat().st_size for file in files) if all(file.is_file() for file in files) else None
