"""One environment, read name by name: each value as text, path, number or word; faults are collected, not raised."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

# One address in ASCII, as headers and commands can hold it.
ONE_ADDRESS = re.compile(r'(?:(?![<>(),;:"@\\])[!-~])+@(?:(?![<>(),;:"@\\])[!-~])+')


class Reader:
    """Reads one environment, collecting faults instead of stopping at the first."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str | None = "") -> str:
        """A value, its `…_FILE` variant, or the default; None as default makes it required."""
        value, file = self._env.get(name, "").strip(), self._env.get(f"{name}_FILE", "").strip()
        if value and file:
            self.faults.append(f"{name} and {name}_FILE are both set; keep one")
        if not value and file:
            value = self._read(f"{name}_FILE", file)
        elif not value and default is None:
            self.faults.append(f"{name} is not set (see .env.example)")
        return value or default or ""

    def document(self, name: str) -> str:
        """A text of several lines: the value itself, or what stands in the file that it or its `…_FILE` names."""
        value = self.text(name)
        is_itself = "\n" in value or value.startswith("[") or not self._env.get(name, "").strip()
        return value if is_itself else self._read(name, value)

    def path(self, name: str, default: Path) -> Path:
        """An absolute path; a relative one is below the working directory."""
        return Path(self.text(name) or default).resolve()

    def is_set(self, name: str) -> bool:
        """Whether the variable or its `…_FILE` variant is there."""
        return bool(self._env.get(name, "").strip() or self._env.get(f"{name}_FILE", "").strip())

    def _read(self, name: str, file: str) -> str:
        try:
            value = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self.faults.append(f"{name} names a file that cannot be read")
            return ""
        if not value:
            self.faults.append(f"{name} names an empty file")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        typed = self.text(name, str(default))
        if re.fullmatch("[0-9]{1,9}", typed) and least <= int(typed) <= most:
            return int(typed)
        self.faults.append(f"{name} must be a number from {least} to {most}")
        return default

    def name_server(self, name: str) -> str:
        """A name server's address, with #port where it is not 53; or `off`."""
        typed = self.text(name)
        address, _, port = typed.partition("#")
        try:
            if typed not in ("", "off"):
                ip_address(address)
            is_good = not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
        except ValueError:
            is_good = False
        if not is_good:
            self.faults.append(f"{name} must be the address of a name server, like 9.9.9.9 or 127.0.0.1#5353, or off")
        return typed if is_good else ""

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of a few words."""
        typed = self.text(name, default)
        if typed not in choices:
            self.faults.append(f"{name} must be one of {', '.join(choice or 'nothing' for choice in choices)}")
            return default
        return typed

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks or single addresses, with commas or spaces between them."""
        try:
            return tuple(ip_network(part, strict=False) for part in self.text(name).replace(",", " ").split())
        except ValueError:
            self.faults.append(f"{name} must name networks or addresses, like 10.0.0.0/8,192.0.2.7,2001:db8::/32")
            return ()
