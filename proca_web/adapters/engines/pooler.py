"""A pooler between us and PostgreSQL that gives each transaction any connection it has: is it there, are we told?

Seen from outside only: two connections of ours, both open, meet the same connection of the server. Asked by `check`.
"""

from contextlib import ExitStack

from sqlalchemy import Connection, Engine, make_url

_LOOKS = 5
UNTOLD = (
    "a pooler that changes connections between transactions stands before the database; set"
    " PROCA_DATABASE_POOLER=transaction, and let PROCA_QUEUE_URL lead past it"
)


def setting_faults(database_url: str, queue_url: str) -> list[str]:
    """Why these two cannot be used with PROCA_DATABASE_POOLER=transaction."""
    database = make_url(database_url)
    if database.get_backend_name() != "postgresql":
        return ["PROCA_DATABASE_POOLER is for PostgreSQL; with SQLite leave it out"]
    if not queue_url.startswith("postgresql"):
        return []
    queue = make_url(queue_url)
    if (queue.host, queue.port) != (database.host, database.port):
        return []
    return ["PROCA_QUEUE_URL must lead to Redis or to PostgreSQL itself, past the pooler that PROCA_DATABASE_URL names"]


def faults(engine: Engine, *, is_told: bool) -> list[str]:
    """What the settings do not say and the database shows."""
    if is_told or engine.dialect.name != "postgresql":
        return []
    return [UNTOLD] if _changes_hands(engine) else []


def _changes_hands(engine: Engine) -> bool:
    """Somebody else may be given a connection between our two looks, therefore there are more than one."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(engine.connect()) for _ in range(2))
        return any(_session(first) == _session(second) for _ in range(_LOOKS))


def _session(connection: Connection) -> int:
    """The number of the server's own session in which a transaction of this connection runs now."""
    number: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    connection.rollback()
    return number
