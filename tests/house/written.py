"""Whatever a server wrote anywhere, for tests that look for what must not be there: tables, files, log."""

import logging
from pathlib import Path

from sqlalchemy import inspect, text

from proca_web.adapters.database import reading
from proca_web.extensions import db
from tests.factories import World


def dump(world: World) -> bytes:
    """Every value of every column of every table."""
    parts: list[bytes] = []
    with world.app.app_context(), reading() as session:
        for table in inspect(db.engine).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                parts += [
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
                ]
    return b"\n".join(parts)


def files(folder: Path) -> dict[str, bytes]:
    """Every file the server wrote, but the demo's mailbox, which stands for the network."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "mailbox" not in path.parts
    }


class Listener(logging.Handler):
    """Keeps everything anybody logs, at every level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = b""

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += f"{record.getMessage()} {record.args} {record.exc_info} {record.__dict__}\n".encode()
