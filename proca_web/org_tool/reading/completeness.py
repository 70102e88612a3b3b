"""Whether all rows of an export are there: those that were read against what the mark at its end says.

A file may hold several exports, one behind the other, each with its own mark. `faults` is what a person should hear.
"""

import json

_AGAIN = "download it again."
_LONGEST_SEQ = 18


class Completeness:
    """Counts the rows of one file up to each mark."""

    def __init__(self, source: str) -> None:
        self.faults: list[str] = []
        self._source = source
        self._read = 0
        self._marks = 0
        self._last = 0
        self._in_order = True

    def row(self, seq: str = "") -> None:
        """One more row, readable or not; its `seq` must rise, and may leave numbers out."""
        self._read += 1
        if seq.isascii() and seq.isdigit() and len(seq) <= _LONGEST_SEQ:
            self._in_order &= int(seq) > self._last
            self._last = int(seq)

    def mark(self, rows: int | None) -> None:
        """A mark that names that many rows; None: it does not say how many."""
        if rows is None:
            self.faults.append(f"{self._source}: the mark at the end of the export is damaged; {_AGAIN}")
        elif rows > self._read:
            self.faults.append(f"{self._source}: {_are(rows - self._read)} missing; {_AGAIN}")
        elif rows < self._read:
            more = self._read - rows
            self.faults.append(f"{self._source}: {_are(more)} too many, the export's mark names {rows}; {_AGAIN}")
        self._end_of_rows()
        self._marks += 1

    def end(self) -> None:
        """The file ends here."""
        if self._read or not self._marks:
            self.faults.append(
                f"{self._source}: the file is cut, its end mark is missing (or an older version made it): rows are"
                f" missing, nobody can say how many; {_AGAIN}"
            )
            self._end_of_rows()

    def _end_of_rows(self) -> None:
        if not self._in_order:
            self.faults.append(f"{self._source}: the rows are not in the order of their seq; {_AGAIN}")
        self._read, self._last, self._in_order = 0, 0, True


def rows_of(custom_fields: str) -> int | None:
    """The number of rows that a mark names in its custom fields; None where it names none."""
    try:
        named = json.loads(custom_fields)["rows"]
        return int(named) if isinstance(named, str) and named.isascii() and named.isdigit() else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _are(number: int) -> str:
    return "1 row is" if number == 1 else f"{number} rows are"
