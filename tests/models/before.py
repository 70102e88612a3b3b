"""Databases that versions before filled, and what the upgrade makes of them: made once a run, then copied.

`filled/*.json` were written by those versions through their own routes: all rows, the keyring and the Home key beside
them, the orgs' secrets, and the token of one link that was mailed. Their moment is kept, so that what waits still
waits.
"""

import base64
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import JSON, Boolean, Date, DateTime, LargeBinary, MetaData, delete, insert, select, text

from proca_web.adapters.engines import migrations
from proca_web.app import create_app
from proca_web.extensions import db
from tests import databases, factories
from tests.databases import Postgres

Kept = dict[str, Any]
FIRST, SECOND, NEWEST = "0002", "0007", "0009"
FILLED: dict[str, Kept] = {
    version: json.loads((Path(__file__).parent / "filled" / f"{version}.json").read_text("utf-8"))
    for version in (FIRST, SECOND, NEWEST)
}
# A server's own time zone makes no difference.
FAR_FROM_UTC = "America/Los_Angeles"
_KEPT_ROWS = "upgraded"


def moment(version: str) -> datetime:
    """A minute after it was filled."""
    return datetime.fromisoformat(FILLED[version]["at"]) + timedelta(minutes=1)


class Upgraded:
    """Data folder and database after the upgrade; of PostgreSQL one a worker and version, filled anew each time."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared
        self._own: dict[str, tuple[str, psycopg.Connection, bytes]] = {}

    def begin(self, version: str, folder: Path, postgres: Postgres | None) -> str:
        """Such a database, the files beside it in the folder; returns its URL. SQLite, unless a server is named."""
        made = self._shared / f"upgraded-{version}-{'postgres' if postgres else 'sqlite'}"
        template = f"proca_test_{databases.RUN}_upgraded_{version}"
        databases.once(made, lambda: _make(made, version, template, postgres))
        shutil.copytree(made, folder, dirs_exist_ok=True)
        if postgres is None:
            return f"sqlite:///{folder / 'proca.db'}"
        if version not in self._own:
            url = postgres.copy(made, template, f"proca_test_{databases.RUN}_{databases.WORKER}_{version}")
            opened = databases.connection(_far_from_utc(url))
            self._own[version] = url, opened, databases.back_to(opened, _KEPT_ROWS)
        url, opened, script = self._own[version]
        opened.execute(script)
        return url

    def close(self) -> None:
        """Nothing stays open."""
        for _, opened, _ in self._own.values():
            opened.close()


def _make(folder: Path, version: str, name: str, postgres: Postgres | None) -> None:
    at = moment(version)
    url = _far_from_utc(postgres.create(name)) if postgres else f"sqlite:///{folder / 'proca.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proca_web.adapters.clock.now", lambda: at)
        patch.setattr("proca_web.adapters.clock.of_database", lambda _session: at)
        app = prepare(folder, url, version)
        with app.app_context():
            upgrade()
        close(app)
    if postgres:
        with databases.connection(url) as opened:
            databases.keep(opened, _KEPT_ROWS)


def _far_from_utc(url: str) -> str:
    with databases.connection(url) as opened:
        opened.execute(f"ALTER DATABASE {opened.info.dbname} SET timezone = '{FAR_FROM_UTC}'")
    return url


def prepare(folder: Path, url: str, version: str) -> Flask:
    """The folder and the database as that version left them."""
    for name, content in FILLED[version]["files"].items():
        _put_file(folder / name, base64.b64decode(content))
    (folder / "keyring").chmod(0o700)
    (folder / "mailbox").mkdir()
    app = create_app(factories.settings(folder, url), check=False)
    migrations.bind(app)
    with app.app_context():
        upgrade(revision=version)
        _fill(FILLED[version])
    return app


def close(app: Flask) -> None:
    """Nothing stays open."""
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()


def _put_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)


def tables() -> MetaData:
    """The tables as the database has them now."""
    found = MetaData()
    found.reflect(db.engine)
    return found


def _fill(kept: Kept) -> None:
    """Every row of the version before, in its own numbers; sequences stand where that version left them."""
    found = tables().sorted_tables  # before the write: SQLite lets one in at a time
    with db.engine.begin() as connection:
        for table in found:
            columns, given = kept["tables"].get(table.name, {"columns": [], "rows": []}).values()
            if given:  # rows that a migration makes give way to those of the instance that was filled
                connection.execute(delete(table))
                kinds = [table.c[name].type for name in columns]
                values = [[typed(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in given]
                connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in values])
            numbered = table.name != "instance" and columns[:1] == ["id"]
            numbered = numbered and not isinstance(table.c.id.type, LargeBinary)
            if numbered and connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT setval('{table.name}_id_seq', {given[-1][0]})"))


def typed(kind: object, value: Any) -> Any:
    """A value of the file as its column takes it."""
    if value is None or isinstance(kind, JSON):
        return value
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(kind, Boolean):
        return bool(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def rows(found: MetaData) -> dict[str, list[dict[str, Any]]]:
    """Every row of these tables; times in UTC."""
    with db.engine.connect() as connection:
        return {
            table.name: [
                {name: _in_utc(value) for name, value in row.items()}
                for row in connection.execute(select(table)).mappings()
            ]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def _in_utc(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
