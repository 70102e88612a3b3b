"""The queue's parts that are huey's: where messages are kept, how they are written, and who reads them.

Imported by the process that uses the queue only: huey brings every storage's driver along.
"""

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from proca_web.adapters.database import set_private

_NAME = "proca"
REDIS_SECONDS = 0.4
_POSTGRES_WAITS: dict[str, Any] = {
    "connect_timeout": 2,
    "options": "-c statement_timeout=1500",
    "tcp_user_timeout": 2000,
    "keepalives_idle": 10,
}
_CLOSING = threading.Lock()


class JsonSerializer(Serializer):
    """Messages as JSON, so that who can write to the queue runs no code of theirs."""

    def _serialize(self, data: Any) -> bytes:
        fields = data._asdict() if isinstance(data, Message) else {"value": data}
        return json.dumps(fields, default=datetime.isoformat).encode()

    def _deserialize(self, data: bytes) -> Any:
        fields = json.loads(data)
        if "name" not in fields:
            return fields.get("value")
        for name in ("eta", "expires_resolved"):
            if fields.get(name):
                fields[name] = datetime.fromisoformat(fields[name])
        fields["args"] = tuple(fields.get("args") or ())
        return Message(**fields)


class EmbeddedConsumer(Consumer):
    """A consumer inside of a process that has other things to do."""

    def _set_signal_handlers(self) -> None:
        """Signals belong to the command that runs us."""

    def _create_process(self, process: Any, name: str) -> Any:
        """A thread that closes its own connection to the queue when it ends."""
        loop = process.loop

        def loop_then_close() -> None:
            loop()
            if self.stop_flag.is_set():
                with _CLOSING:  # two workers that end at once share the connection, and huey asks before it locks
                    self.huey.storage.close()

        process.loop = loop_then_close
        return super()._create_process(process, name)


def opened(url: str) -> Huey:
    """A huey for the queue at this URL; a new SQLite file is readable by its owner only."""
    options: dict[str, Any] = {"name": _NAME, "results": False, "serializer": JsonSerializer()}
    match urlsplit(url).scheme:
        case "sqlite":
            path = Path(url.removeprefix("sqlite:///"))
            set_private(path)
            return SqliteHuey(filename=str(path), **options)
        case "postgresql":
            return PostgresHuey(dsn=url, **_POSTGRES_WAITS, **options)
        case _:
            # Polled, not waited at: a read that blocks would need a longer time-out than a request may have.
            waits = {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
            pool = ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **waits)
            return RedisHuey(connection_pool=pool, blocking=False, **options)
