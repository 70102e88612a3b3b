"""The encrypted export as CSV: ciphertext and metadata, a header and then rows as they are read."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.export_columns import ENCRYPTED
from proca_web.services.delivery import rows
from proca_web.services.delivery.filters import Filters


def encrypted_csv(session: Session, org_id: int, filters: Filters) -> Iterator[str]:
    """The file in pieces: its header, then some rows each."""
    yield csv_line(ENCRYPTED)
    for piece in rows.released(session, org_id, filters):
        yield "".join(map(csv_line, piece))
