"""A disk without room, as far as one SQLite database can tell."""

import sqlite3

from flask import Flask
from sqlalchemy import event

from proca_web.extensions import db


def full_disk(app: Flask) -> list[int]:
    """The database may not grow by a page while the list holds something."""
    full = [1]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages if full else 1_000_000}")

    with app.app_context():
        event.listen(db.engine, "checkout", limit)
    return full
