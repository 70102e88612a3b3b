"""The encrypted export as CSV: ciphertext and metadata, a header, rows as they are read, and a mark at the end."""

from collections.abc import Iterator

from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.export_columns import ENCRYPTED, end_mark
from proca_web.services.delivery import rows
from proca_web.services.delivery.filters import Filters
from proca_web.services.delivery.rows import Reading


def encrypted_csv(reading: Reading, org_id: int, filters: Filters) -> Iterator[str]:
    """The file in pieces: its header, then some rows each, last the mark without which it is cut."""
    yield csv_line(ENCRYPTED)
    number, last = 0, filters.since
    for piece in rows.released(reading, org_id, filters):
        yield "".join(map(csv_line, piece))
        number, last = number + len(piece), int(piece[-1].seq)
    yield csv_line(end_mark(number, last))
