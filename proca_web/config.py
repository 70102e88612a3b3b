"""Settings from the environment, read once and frozen. Every fault is named at once; no secret has a default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from proca_web.crypto.certificate import Mode

DEFAULT_DATA_DIR = "instance"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SHORTEST_SECRET = 32


class ConfigError(Exception):
    """The process must not start; `faults` are sentences that each say what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail leaves. `tls` is starttls, ssl or none; none only to loopback."""

    server: str
    port: int
    tls: str
    username: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Paths are absolute; URLs are as given, `postgres://` mended."""

    data_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    home_key_file: Path
    home_key: str = field(repr=False)
    keyring_dir: Path
    public_url: str
    sender: Mode
    queue_url: str = field(repr=False)
    ratelimit_url: str = field(repr=False)
    amqp_url: str = field(repr=False)
    trusted_proxies: int
    mail: MailSettings
    mailbox_dir: Path | None = None

    @property
    def is_https(self) -> bool:
        """Whether people reach us over TLS: then cookies are `Secure` and carry the `__Host-` prefix."""
        return self.public_url.startswith("https://")


class _Reader:
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
            try:
                value = Path(file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                self.faults.append(f"{name}_FILE: {file} cannot be read")
        if value:
            return value
        if default is None:
            self.faults.append(f"{name} is not set (see .env.example)")
        return default or ""

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 0 to `most`."""
        typed = self.text(name, str(default))
        if typed.isascii() and typed.isdigit() and int(typed) <= most:
            return int(typed)
        self.faults.append(f"{name} must be a number from 0 to {most}")
        return default

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of a few words."""
        typed = self.text(name, default)
        if typed not in choices:
            self.faults.append(f"{name} must be one of {', '.join(choices)}")
            return default
        return typed


def read(env: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Settings and every fault found in `env`; with a fault the settings are good for further checks only.

    In the demo (PROCA_DEMO, set by the command) mail goes to a folder unless a mail server is named.
    """
    reader = _Reader(env)
    demo = reader.choice("PROCA_DEMO", "", ("", "1")) == "1"
    data_dir = Path(reader.text("PROCA_DATA_DIR", DEFAULT_DATA_DIR)).resolve()
    settings = Settings(
        data_dir=data_dir,
        database_url=_database_url(reader, data_dir),
        secret_key=_secret_key(reader),
        home_key_file=Path(env.get("PROCA_HOME_KEY_FILE") or data_dir / "home.key").resolve(),
        home_key=_home_key(reader, env, demo),
        keyring_dir=Path(env.get("PROCA_KEYRING_DIR") or data_dir / "keyring").resolve(),
        public_url=_public_url(reader, demo),
        sender=Mode[reader.choice("PROCA_SENDER", "session", ("session", "static", "throwaway")).upper()],
        queue_url=_url(reader, "PROCA_QUEUE_URL", f"sqlite:///{data_dir / 'queue.db'}", _QUEUES),
        ratelimit_url=_url(reader, "PROCA_RATELIMIT_URL", "memory://", ("memory", "redis", "rediss")),
        amqp_url=_url(reader, "PROCA_AMQP_URL", "", ("amqp", "amqps")),
        trusted_proxies=reader.number("PROCA_TRUSTED_PROXIES", 0, 10),
        mail=_mail(reader, demo),
        mailbox_dir=data_dir / "mailbox" if demo and not env.get("PROCA_MAIL_SERVER") else None,
    )
    return settings, reader.faults


_QUEUES = ("sqlite", "postgresql", "redis", "rediss")


def _home_key(reader: _Reader, env: Mapping[str, str], demo: bool) -> str:
    key = env.get("PROCA_HOME_KEY", "").strip()
    if key and not demo:
        reader.faults.append("PROCA_HOME_KEY works in the demo and in tests only; use PROCA_HOME_KEY_FILE")
    return key


def _database_url(reader: _Reader, data_dir: Path) -> str:
    url = reader.text("PROCA_DATABASE_URL", f"sqlite:///{data_dir / 'proca.db'}")
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        return "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        reader.faults.append("PROCA_DATABASE_URL must begin with sqlite:/// or postgresql://")
    return url


def _secret_key(reader: _Reader) -> str:
    key = reader.text("PROCA_SECRET_KEY", None)
    if key and len(key) < SHORTEST_SECRET:
        reader.faults.append(f"PROCA_SECRET_KEY needs at least {SHORTEST_SECRET} characters")
    return key


def _public_url(reader: _Reader, demo: bool) -> str:
    url = reader.text("PROCA_PUBLIC_URL", None).rstrip("/")
    if not url:
        return "http://localhost"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        reader.faults.append("PROCA_PUBLIC_URL must be like https://petitions.example.org")
    elif parts.path or parts.query or parts.fragment:
        reader.faults.append("PROCA_PUBLIC_URL must not have a path: petitions live at the top of a host of their own")
    elif demo and parts.hostname not in LOOPBACK:
        reader.faults.append("PROCA_DEMO shows every mail to everybody: it is for localhost only")
    return url


def _url(reader: _Reader, name: str, default: str, schemes: tuple[str, ...]) -> str:
    url = reader.text(name, default)
    if url and url.partition(":")[0] not in schemes:
        reader.faults.append(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return default
    return url


def _mail(reader: _Reader, demo: bool) -> MailSettings:
    tls = reader.choice("PROCA_MAIL_TLS", "starttls", ("starttls", "ssl", "none"))
    server = reader.text("PROCA_MAIL_SERVER", "localhost" if demo else None)
    if tls == "none" and server and server not in LOOPBACK:
        reader.faults.append("PROCA_MAIL_TLS=none is allowed to localhost only; addresses would travel in clear")
    sender = reader.text("PROCA_MAIL_FROM", "petitions@example.org" if demo else None)
    if sender and (sender.count("@") != 1 or any(character in sender for character in "\r\n,;")):
        reader.faults.append("PROCA_MAIL_FROM must be one address, like petitions@example.org")
    return MailSettings(
        server=server,
        port=reader.number("PROCA_MAIL_PORT", {"starttls": 587, "ssl": 465, "none": 25}[tls], 65535),
        tls=tls,
        username=reader.text("PROCA_MAIL_USERNAME"),
        password=reader.text("PROCA_MAIL_PASSWORD"),
        sender=sender,
    )
