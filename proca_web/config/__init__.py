"""Settings from the environment, read once and frozen. Every fault is named at once; no secret has a default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from proca_web.config import bounces, site, transports
from proca_web.config.bounces import BounceSettings
from proca_web.config.reader import ONE_ADDRESS, Reader
from proca_web.config.site import SiteSettings
from proca_web.config.transports import LOOPBACK, MOST_CONNECTIONS, PORTS, Transport
from proca_web.crypto.boxes.certificate import Mode

DEFAULT_DATA_DIR = "instance"
SHORTEST_SECRET = 32
_HOST = r"(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
_PUBLIC_URL = re.compile(rf"(?P<scheme>https?)://{_HOST}(:(?P<port>[0-9]{{1,5}}))?(?P<rest>[/?#].*)?")


class ConfigError(Exception):
    """The process must not start; `faults` are sentences that each say what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail leaves. `tls` is starttls, ssl or none (to loopback only); `connections` at a time, 0: by the server."""

    server: str
    port: int
    tls: str
    username: str
    password: str = field(repr=False)
    sender: str
    connections: int = 0
    resolver: str = "off"  # a name server's address#port; empty: the system's


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Paths are absolute, `postgres://` is mended; a URL with a fault is empty."""

    data_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    old_secret_key: str = field(repr=False)
    home_key_file: Path
    home_key: str = field(repr=False)
    keyring_dir: Path
    worker_key_dir: Path
    public_url: str
    sender: Mode
    queue_url: str = field(repr=False)
    ratelimit_url: str = field(repr=False)
    amqp_url: str = field(repr=False)
    trusted_proxies: int
    mail: MailSettings
    bounces: BounceSettings
    transports: Mapping[str, Transport] = field(default_factory=dict)  # by the org's name
    mailbox_dir: Path | None = None
    is_pooled: bool = False  # by transaction
    mail_stalled: timedelta = timedelta(hours=6)
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    needs_second_factor: bool = True  # of operators, owners and exporters
    is_demo: bool = False
    site: SiteSettings = field(default_factory=SiteSettings)

    @property
    def is_https(self) -> bool:
        """Whether people reach us over TLS: then cookies are `Secure` and carry the `__Host-` prefix."""
        return self.public_url.startswith("https://")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """What may have signed or sealed something of ours: today's key first, then the one before it."""
        return tuple(filter(None, (self.secret_key, self.old_secret_key)))


def read(env: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Settings and every fault found in `env`; with a fault the settings are good for further checks only.

    In the demo (PROCA_DEMO, set by the command) mail goes to a folder unless a mail server is named.
    """
    reader = Reader(env)
    demo = reader.choice("PROCA_DEMO", "", ("", "1")) == "1"
    data_dir = Path(reader.text("PROCA_DATA_DIR", DEFAULT_DATA_DIR)).resolve()
    settings = Settings(
        data_dir=data_dir,
        database_url=_database_url(reader, data_dir),
        secret_key=_secret_key(reader, "PROCA_SECRET_KEY", None),
        old_secret_key=_secret_key(reader, "PROCA_SECRET_KEY_OLD", ""),
        home_key_file=reader.path("PROCA_HOME_KEY_FILE", data_dir / "home.key"),
        home_key=_home_key(reader, env, demo),
        keyring_dir=(keyring_dir := reader.path("PROCA_KEYRING_DIR", data_dir / "keyring")),
        worker_key_dir=reader.path("PROCA_WORKER_KEY_DIR", keyring_dir / "worker"),
        public_url=_public_url(reader, demo),
        sender=Mode[reader.choice("PROCA_SENDER", "session", ("session", "static", "throwaway")).upper()],
        queue_url=_queue_url(reader, data_dir),
        ratelimit_url=_url(reader, "PROCA_RATELIMIT_URL", "memory://", ("memory", "redis", "rediss")),
        amqp_url=_url(reader, "PROCA_AMQP_URL", "", ("amqp", "amqps")),
        trusted_proxies=reader.number("PROCA_TRUSTED_PROXIES", 0, 0, 10),
        mail=_mail(reader, demo),
        bounces=bounces.read(reader),
        transports=transports.read(reader),
        mailbox_dir=data_dir / "mailbox" if demo and not reader.is_set("PROCA_MAIL_SERVER") else None,
        is_pooled=reader.choice("PROCA_DATABASE_POOLER", "none", ("none", "transaction")) == "transaction",
        mail_stalled=timedelta(hours=reader.number("PROCA_MAIL_STALLED_HOURS", 6, 1, 168)),
        metrics_allow=reader.networks("PROCA_METRICS_ALLOW"),
        needs_second_factor=_second_factor(reader, demo) == "required",
        is_demo=demo,
        site=site.read(reader),
    )
    return settings, reader.faults


def _home_key(reader: Reader, env: Mapping[str, str], demo: bool) -> str:
    key = env.get("PROCA_HOME_KEY", "").strip()
    if key and not demo:
        reader.faults.append("PROCA_HOME_KEY works in the demo and in tests only; use PROCA_HOME_KEY_FILE")
    if key and env.get("PROCA_HOME_KEY_FILE", "").strip():
        reader.faults.append("PROCA_HOME_KEY and PROCA_HOME_KEY_FILE are both set; keep one")
    return key


def _database_url(reader: Reader, data_dir: Path) -> str:
    typed = reader.text("PROCA_DATABASE_URL", f"sqlite:///{data_dir / 'proca.db'}")
    scheme, _, rest = typed.partition("://")
    if scheme == "sqlite":
        return _sqlite_url(reader, "PROCA_DATABASE_URL", rest)
    if scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        reader.faults.append("PROCA_DATABASE_URL must begin with sqlite:/// or postgresql://")
        return ""
    url = f"postgresql+psycopg://{rest}"
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        reader.faults.append("PROCA_DATABASE_URL must be like postgresql://user:password@host:5432/name")
        return ""
    return url


def _queue_url(reader: Reader, data_dir: Path) -> str:
    default = f"sqlite:///{data_dir / 'queue.db'}"
    url = _url(reader, "PROCA_QUEUE_URL", default, ("sqlite", "postgresql", "postgres", "redis", "rediss"))
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return _sqlite_url(reader, "PROCA_QUEUE_URL", rest)
    return f"postgresql://{rest}" if scheme == "postgres" else url


def _sqlite_url(reader: Reader, name: str, rest: str) -> str:
    # Flask-SQLAlchemy would look for a relative path in another folder than everything else does.
    path = rest.removeprefix("/")
    if not path or path in (rest, ":memory:"):
        reader.faults.append(f"{name} must name a file, like sqlite:////var/lib/proca/proca.db")
        return ""
    return f"sqlite:///{Path(path).resolve()}"


def _secret_key(reader: Reader, name: str, default: str | None) -> str:
    key = reader.text(name, default)
    if key and len(key) < SHORTEST_SECRET:
        reader.faults.append(f"{name} needs at least {SHORTEST_SECRET} characters")
    return key


def _second_factor(reader: Reader, demo: bool) -> str:
    return reader.choice("PROCA_SECOND_FACTOR", "off" if demo else "required", ("required", "off"))


def _public_url(reader: Reader, demo: bool) -> str:
    """The base of all links, as a browser writes it in `Origin`: small letters, no port that goes without saying."""
    typed = reader.text("PROCA_PUBLIC_URL", None)
    url = _PUBLIC_URL.fullmatch(typed.lower())
    if url is None or int(url["port"] or 0) > 65535:
        if typed:
            reader.faults.append("PROCA_PUBLIC_URL must be like https://petitions.example.org")
        return "http://localhost"
    if (url["rest"] or "").strip("/"):
        reader.faults.append("PROCA_PUBLIC_URL must not have a path: petitions live at the top of a host of their own")
    if demo and url["host"].strip("[]") not in LOOPBACK:
        reader.faults.append("PROCA_DEMO shows every mail to everybody: PROCA_PUBLIC_URL must be on localhost")
    usual = {"http": "80", "https": "443"}[url["scheme"]]
    port = f":{url['port']}" if url["port"] not in (None, usual) else ""
    return f"{url['scheme']}://{url['host']}{port}"


def _url(reader: Reader, name: str, default: str, schemes: tuple[str, ...]) -> str:
    url = reader.text(name, default)
    scheme, mark, _ = url.partition("://")
    if url and (not mark or scheme not in schemes):
        reader.faults.append(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return default
    try:
        _ = urlsplit(url).port
    except ValueError:
        reader.faults.append(f"{name} must be like {scheme}://user:password@host:port/name")
        return default
    return url


def _mail(reader: Reader, demo: bool) -> MailSettings:
    tls = reader.choice("PROCA_MAIL_TLS", "starttls", ("starttls", "ssl", "none"))
    server = reader.text("PROCA_MAIL_SERVER", "localhost" if demo else None)
    if re.search(r"[\s/@]", server) or server.count(":") == 1:
        reader.faults.append("PROCA_MAIL_SERVER must be the name of a host; its port goes to PROCA_MAIL_PORT")
    if tls == "none" and server and server not in LOOPBACK:
        reader.faults.append("PROCA_MAIL_TLS=none is allowed to localhost only; addresses would travel in clear")
    sender = reader.text("PROCA_MAIL_FROM", "petitions@example.org" if demo else None)
    if sender and not ONE_ADDRESS.fullmatch(sender):
        reader.faults.append("PROCA_MAIL_FROM must be one address, like petitions@example.org")
    if reader.is_set("PROCA_MAIL_USERNAME") != reader.is_set("PROCA_MAIL_PASSWORD"):
        reader.faults.append("PROCA_MAIL_USERNAME and PROCA_MAIL_PASSWORD belong together; set both or none")
    return MailSettings(
        server=server,
        port=reader.number("PROCA_MAIL_PORT", PORTS[tls], 1, 65535),
        tls=tls,
        username=reader.text("PROCA_MAIL_USERNAME"),
        password=reader.text("PROCA_MAIL_PASSWORD"),
        sender=sender,
        connections=reader.number("PROCA_MAIL_CONNECTIONS", 0, 0, MOST_CONNECTIONS),
        resolver=reader.name_server("PROCA_MAIL_RESOLVER"),
    )
