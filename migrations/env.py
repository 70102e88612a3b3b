"""Runs migrations through the app's own engine; loses no data on SQLite, leaves logging and the queue alone."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from proca_web.models import Base
from proca_web.models.base import UTCDateTime


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """The queue's tables are its own business, and so is its migration."""
    return not (kind == "table" and name is not None and name.startswith("huey_"))


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """A migration names SQLAlchemy's types only, so that it needs no import of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UTCDateTime) else False


def run(connection: Connection) -> None:
    """All steps in one transaction, also on SQLite, which alembic would let commit step by step."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=include_name,
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"{len(broken)} rows would lose their parents")
    connection.commit()


def run_with_foreign_keys_off(connection: Connection) -> None:
    """SQLite changes a table by making it anew; with foreign keys on, dropping the old one would empty its children."""
    raw = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        run(connection)
    finally:
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=ON")


with current_app.extensions["migrate"].db.engine.connect() as open_connection:
    if open_connection.dialect.name == "sqlite":
        run_with_foreign_keys_off(open_connection)
    else:
        run(open_connection)
