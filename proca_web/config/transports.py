"""Mail servers of organisations' own: one table of TOML for each, as PROCA_MAIL_TRANSPORTS has it.

No password is held: the file it stands in is read by whoever connects.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proca_web.config.reader import ONE_ADDRESS, Reader

NAME = "PROCA_MAIL_TRANSPORTS"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORTS = {"starttls": 587, "ssl": 465, "none": 25}
MOST_CONNECTIONS = 500
_ORG = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[^\s/@:]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")
_TEXTS = ("server", "tls", "username", "password_file", "from")
_NUMBERS = {"port": (1, 65535), "connections": (0, MOST_CONNECTIONS)}


@dataclass(frozen=True, slots=True)
class Transport:
    """How mails of one org leave. `sender` is the From address, empty: the org's; `connections` 0: by the server."""

    org: str
    server: str
    port: int = 0
    tls: str = "starttls"
    username: str = ""
    password_file: Path | None = None
    sender: str = ""
    connections: int = 0

    def password(self) -> str:
        """What stands in its file; empty where it needs none. Raises OSError, UnicodeDecodeError."""
        return self.password_file.read_text("utf-8").strip() if self.password_file is not None else ""


def read(reader: Reader) -> dict[str, Transport]:
    """What is set, by the org's name; faults are the reader's, each with its table."""
    text = reader.document(NAME)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line [0-9]+", str(error))
        where = line[0] if line else "its end"
        reader.faults.append(f'{NAME} is no TOML at {where}: it needs tables like [org-name] with server = "…"')
        return {}
    found = {org: _transport(reader, org, table) for org, table in tables.items()}
    return {org: transport for org, transport in found.items() if transport is not None}


def password_faults(transports: Mapping[str, Transport]) -> list[str]:
    """Which password files cannot be read by this process: asked where mail leaves, no other process needs them."""
    found = []
    for org, transport in transports.items():
        try:
            is_there = transport.password_file is None or transport.password()
        except (OSError, UnicodeDecodeError):
            found.append(f"{NAME} [{org}]: password_file {transport.password_file} cannot be read")
        else:
            if not is_there:
                found.append(f"{NAME} [{org}]: password_file {transport.password_file} is empty")
    return found


def _transport(reader: Reader, org: str, table: object) -> Transport | None:
    if not _ORG.fullmatch(org) or not isinstance(table, dict):
        reader.faults.append(f"{NAME} has {org!r}, which is no table named as an organisation is, like [org-name]")
        return None
    faults = list(_faults(table))
    reader.faults += [f"{NAME} [{org}]: {fault}" for fault in faults]
    if faults:
        return None
    texts = {name: str(table.get(name, "")) for name in _TEXTS}
    tls = texts["tls"] or "starttls"
    made = Transport(org, texts["server"], int(table.get("port", PORTS[tls])), tls)
    made = replace(made, username=texts["username"], sender=texts["from"], connections=int(table.get("connections", 0)))
    file = texts["password_file"]
    return replace(made, password_file=Path(file).resolve()) if file else made


def _faults(table: Mapping[str, Any]) -> list[str]:
    """What is wrong with one table; no value of it is told."""
    known = (*_TEXTS, *_NUMBERS)
    found = [f"{name} is none of {', '.join(known)}" for name in table if name not in known]
    found += [f"{name} must be a text" for name in _TEXTS if not isinstance(table.get(name, ""), str)]
    for name, (least, most) in _NUMBERS.items():
        number = table.get(name, least)
        if type(number) is not int or not least <= number <= most:
            found.append(f"{name} must be a number from {least} to {most}")
    return found or list(_faults_of_values({name: str(table.get(name, "")) for name in _TEXTS}))


def _faults_of_values(given: Mapping[str, str]) -> list[str]:
    found = []
    if not given["server"]:
        found.append("server is not set")
    elif not _HOST.fullmatch(given["server"]):
        found.append("server must be the name of a host; its port goes to port")
    if given["tls"] not in ("", *PORTS):
        found.append(f"tls must be one of {', '.join(PORTS)}")
    elif given["tls"] == "none" and given["server"] not in LOOPBACK:
        found.append("tls none is allowed to localhost only; addresses would travel in clear")
    if given["from"] and not ONE_ADDRESS.fullmatch(given["from"]):
        found.append("from must be one address, like campaign@example.org")
    if bool(given["username"]) != bool(given["password_file"]):
        found.append("username and password_file belong together; set both or none")
    return found
