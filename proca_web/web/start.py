"""Checks before a process serves: the schema's version, and that the Home key is the one this database knows.

They use a connection of their own and close it: nothing stays open across a fork.
"""

from contextlib import suppress

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from proca_web.assets import ASSETS
from proca_web.crypto.home import HomeKey
from proca_web.models import Org, PublicKey
from proca_web.models.campaign import ActionPage, Campaign


def head_revision() -> str:
    """The schema version this code was written for."""
    scripts = Config()
    scripts.set_main_option("script_location", str(ASSETS / "migrations"))
    head = ScriptDirectory.from_config(scripts).get_current_head()
    assert head is not None
    return head


def database_faults(url: str, home: HomeKey | None) -> list[str]:
    """Why no process may serve this database, as sentences; an empty list when all is well."""
    path = url.removeprefix("sqlite:///")
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        if path != url and not _exists(path):
            return [f"there is no database at {path}; run: python3 -m proca_web init"]
        return _schema_faults(engine) or _home_faults(engine, home)
    except SQLAlchemyError as error:
        return [f"the database cannot be reached ({type(error).__name__}); check PROCA_DATABASE_URL"]
    finally:
        engine.dispose()


def current_revision(engine: Engine) -> str | None:
    """The schema version of a database; None where there is none yet."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def _exists(path: str) -> bool:
    with suppress(OSError):
        open(path, "rb").close()
        return True
    return False


def _schema_faults(engine: Engine) -> list[str]:
    found, wanted = current_revision(engine), head_revision()
    if found is None:
        return ["the database is empty; run: python3 -m proca_web init"]
    if found != wanted:
        return [f"the database has schema {found}, this version needs {wanted}; run: python3 -m proca_web upgrade"]
    return []


def _home_faults(engine: Engine, home: HomeKey | None) -> list[str]:
    if home is None:
        return []
    faults = []
    with engine.connect() as connection:
        row = connection.execute(
            select(PublicKey.public, PublicKey.sign_public).where(PublicKey.kind == "home")
        ).first()
        if row is None:
            return ["the database has no Home Org; run: python3 -m proca_web init"]
        if bytes(row.public) != home.box_public or bytes(row.sign_public or b"") != home.identity:
            faults.append("the Home key is not the one this database knows; restore the key file that belongs to it")
        for table, what in ((Campaign, "campaign"), (ActionPage, "page")):
            query = select(table.id).join(Org, Org.id == table.org_id).where(Org.is_home)
            if connection.execute(query).first() is not None:
                faults.append(f"the Home Org owns a {what}; it must own none")
    return faults
