"""Rows as lines of CSV (RFC 4180), by the csv module; a row in which nothing needs quotes does not wait for it."""

import csv
from collections.abc import Sequence


class _Line:
    """What csv.writer writes to: hands the line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_line(cells: Sequence[str]) -> str:
    """The cells as one line with its CRLF."""
    joined = ",".join(cells)
    if joined and joined.count(",") < len(cells) and not ('"' in joined or "\r" in joined or "\n" in joined):
        return f"{joined}\r\n"  # the csv module would say the same, and walk through a payload of 1,400 characters
    quoted: str = csv.writer(_Line(), lineterminator="\r\n").writerow(cells)
    return quoted
