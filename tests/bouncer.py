"""PgBouncer in front of the tests' PostgreSQL: few connections of the server for many of ours."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import make_url

from tests.databases import POSTGRES
from tests.ports import free_port
from tests.required import required

FEW = 2
_SETTINGS = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {few}
"""


@contextmanager
def bouncer(folder: Path, mode: str) -> Iterator[int]:
    """Its port. Skips where there is no PgBouncer; as root it runs as somebody else, because it insists."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        required("pgbouncer", "no PgBouncer on PATH (apt-get install pgbouncer)")
    server, own = make_url(POSTGRES), free_port()
    written = _SETTINGS.format(
        host=server.host, port=server.port or 5432, user=server.username, own=own, mode=mode, few=FEW
    )
    file = folder / f"{mode}.ini"
    file.write_text(written)
    command = [program, "-q", str(file)]
    if os.getuid() == 0:
        other = pwd.getpwnam("nobody")
        os.chown(file, other.pw_uid, other.pw_gid)
        os.chmod(folder, 0o755)  # noqa: S103 -- it holds the settings above and nothing else
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait(own)
        yield own
    finally:
        process.terminate()
        process.wait(10)


def through(url: str, port: int) -> str:
    """The same database, reached through it."""
    return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


def _wait(port: int) -> None:
    end = monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert monotonic() < end, "PgBouncer does not start"
            sleep(0.02)
        else:
            return
