"""A real name server (NSD) that answers for the whole world of a test: good domains, and bad ones of each kind."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.ports import free_port
from tests.required import required

# Records of everything under one root; `_dmarc` of good.example asks for quarantine, strictly for SPF.
WORLD = r"""
$TTL 60
. SOA ns. nobody. 1 60 60 60 60
. NS ns.
ns. A 127.0.0.1
relay.example. A 192.0.2.25
relay.example. AAAA 2001:db8::25
other.example. A 198.51.100.9

good.example. MX 10 mx.good.example.
good.example. TXT "unrelated=1"
good.example. TXT "v=spf1 a:relay" ".example -all"
_dmarc.good.example. TXT "v=DMARC1; p=quarantine; sp=reject"
news.good.example. MX 10 mx.good.example.

bare.example. A 203.0.113.1
null.example. MX 0 .
null.example. TXT "v=spf1 -all"
_dmarc.null.example. TXT "v=DMARC1; p=none; rua=mailto:d@null.example"
twice.example. MX 10 mx.good.example.
twice.example. TXT "v=spf1 include:good.example -all"
twice.example. TXT "v=spf1 ip4:192.0.2.0/24 ~all"
_dmarc.twice.example. TXT "v=DMARC1; p=reject"
_dmarc.twice.example. TXT "v=DMARC1; p=none"
"""


@contextmanager
def serving(folder: Path, records: str = WORLD) -> Iterator[str]:
    """The server with these records; gives what PROCA_MAIL_RESOLVER is then. Skips where there is none."""
    program = shutil.which("nsd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        required("nsd", "no name server (nsd) on this machine")
    port = free_port()
    (folder / "world.zone").write_text(records)
    settings = folder / "nsd.conf"
    settings.write_text(
        f"server:\n  ip-address: 127.0.0.1@{port}\n  zonesdir: {folder}\n  pidfile: {folder}/pid\n  xfrdir: {folder}\n"
        f'  zonelistfile: {folder}/zones\n  database: ""\n  xfrdfile: ""\n  username: ""\n  chroot: ""\n'
        '  server-count: 1\nremote-control:\n  control-enable: no\nzone:\n  name: "."\n  zonefile: world.zone\n'
    )
    with (folder / "nsd.log").open("w") as log:
        server = subprocess.Popen([program, "-d", "-c", str(settings)], stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "nsd.log")
        yield f"127.0.0.1#{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    question, until = dns.message.make_query(".", "SOA"), time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        try:
            if dns.query.udp(question, "127.0.0.1", timeout=0.2, port=port).answer:
                return
        except (dns.exception.Timeout, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the name server did not start: {log.read_text()}")


@contextmanager
def silent() -> Iterator[str]:
    """A name server that takes every question and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"127.0.0.1#{deaf.getsockname()[1]}"
