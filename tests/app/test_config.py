"""Settings from the environment: every variable is read, every fault is named, no secret is shown."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from proca_web import config
from proca_web.assets import ASSETS
from proca_web.cli import doubts
from proca_web.config import Settings
from proca_web.crypto.boxes.certificate import Mode

SECRET = "s" * 32
GOOD = {
    "PROCA_SECRET_KEY": SECRET,
    "PROCA_PUBLIC_URL": "https://petitions.example.org",
    "PROCA_MAIL_SERVER": "smtp.example.org",
    "PROCA_MAIL_FROM": "petitions@example.org",
}
DEMO = {"PROCA_DEMO": "1", "PROCA_SECRET_KEY": SECRET, "PROCA_PUBLIC_URL": "http://127.0.0.1:5000"}


def good(**changes: str) -> Settings:
    settings, faults = config.read(GOOD | changes)
    assert faults == []
    return settings


def faults(env: dict[str, str]) -> list[str]:
    return config.read(env)[1]


def value(settings: object, path: str) -> object:
    for name in path.split("."):
        settings = getattr(settings, name)
    return settings


def test_four_variables_are_enough() -> None:
    settings = good()
    here = Path("instance").resolve()
    assert settings.data_dir == here
    assert settings.database_url == f"sqlite:///{here}/proca.db"
    assert settings.home_key_file == here / "home.key"
    assert settings.keyring_dir == here / "keyring"
    assert settings.queue_url == f"sqlite:///{here}/queue.db"
    assert settings.ratelimit_url == "memory://"
    assert settings.sender is Mode.SESSION
    assert (settings.amqp_url, settings.trusted_proxies, settings.mailbox_dir) == ("", 0, None)
    assert (settings.mail.tls, settings.mail.port) == ("starttls", 587)
    assert (settings.mail.username, settings.mail.password) == ("", "")


def test_everything_lies_below_the_data_folder(tmp_path: Path) -> None:
    settings = good(PROCA_DATA_DIR=str(tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path}/proca.db"
    assert settings.queue_url == f"sqlite:///{tmp_path}/queue.db"
    assert (settings.home_key_file, settings.keyring_dir) == (tmp_path / "home.key", tmp_path / "keyring")


READ = [
    ("PROCA_SECOND_FACTOR", "off", "needs_second_factor", False),
    ("PROCA_SECOND_FACTOR", "required", "needs_second_factor", True),
    ("PROCA_DATABASE_URL", "postgresql://u:p@db:5433/x", "database_url", "postgresql+psycopg://u:p@db:5433/x"),
    ("PROCA_DATABASE_URL", "postgres://u:p@db/x", "database_url", "postgresql+psycopg://u:p@db/x"),
    ("PROCA_DATABASE_URL", "postgresql+psycopg:///x", "database_url", "postgresql+psycopg:///x"),
    ("PROCA_DATABASE_URL", "sqlite:////srv/proca.db", "database_url", "sqlite:////srv/proca.db"),
    ("PROCA_DATA_DIR", "/srv/proca", "data_dir", Path("/srv/proca")),
    ("PROCA_SECRET_KEY", "another secret of 32 characters or more", "secret_key", None),
    ("PROCA_SECRET_KEY_OLD", "the secret before of 32 characters or more", "old_secret_key", None),
    ("PROCA_HOME_KEY_FILE", "/srv/home.key", "home_key_file", Path("/srv/home.key")),
    ("PROCA_KEYRING_DIR", "/srv/keyring", "keyring_dir", Path("/srv/keyring")),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org/", "public_url", "https://petitions.example.org"),
    ("PROCA_PUBLIC_URL", "HTTPS://Petitions.Example.org:443", "public_url", "https://petitions.example.org"),
    ("PROCA_PUBLIC_URL", "http://localhost:8000", "public_url", "http://localhost:8000"),
    ("PROCA_PUBLIC_URL", "http://[::1]:80", "public_url", "http://[::1]"),
    ("PROCA_PUBLIC_URL", "https://xn--bcher-kva.example.org:8443", "public_url", None),
    ("PROCA_SENDER", "session", "sender", Mode.SESSION),
    ("PROCA_SENDER", "static", "sender", Mode.STATIC),
    ("PROCA_SENDER", "throwaway", "sender", Mode.THROWAWAY),
    ("PROCA_QUEUE_URL", "redis://:p@queue:6379/0", "queue_url", None),
    ("PROCA_QUEUE_URL", "postgresql://u:p@db/x", "queue_url", None),
    ("PROCA_QUEUE_URL", "postgres://u:p@db/x", "queue_url", "postgresql://u:p@db/x"),
    ("PROCA_QUEUE_URL", "sqlite:////srv/queue.db", "queue_url", None),
    ("PROCA_RATELIMIT_URL", "redis://limits:6379", "ratelimit_url", None),
    ("PROCA_RATELIMIT_URL", "rediss://limits:6379", "ratelimit_url", None),
    ("PROCA_AMQP_URL", "amqp://u:p@broker:5672/x", "amqp_url", None),
    ("PROCA_TRUSTED_PROXIES", "2", "trusted_proxies", 2),
    ("PROCA_MAIL_SERVER", "mail.example.org", "mail.server", None),
    ("PROCA_MAIL_RESOLVER", "2001:db8::53#5353", "mail.resolver", None),
    ("PROCA_MAIL_PORT", "2525", "mail.port", 2525),
    ("PROCA_MAIL_TLS", "ssl", "mail.tls", None),
    ("PROCA_MAIL_TLS", "ssl", "mail.port", 465),
    ("PROCA_MAIL_FROM", "no-reply+x@mail.example.org", "mail.sender", None),
    ("PROCA_MAIL_FROM", "petitions@localhost", "mail.sender", None),
]


@pytest.mark.parametrize(("name", "typed", "path", "read"), READ)
def test_each_variable_is_read(name: str, typed: str, path: str, read: object) -> None:
    assert value(good(**{name: typed}), path) == (typed if read is None else read)


def test_a_login_for_mail_is_read() -> None:
    mail = good(PROCA_MAIL_USERNAME="proca", PROCA_MAIL_PASSWORD="hunter2").mail
    assert (mail.username, mail.password) == ("proca", "hunter2")


def test_white_space_around_a_value_and_an_empty_value_do_not_count() -> None:
    settings = good(PROCA_SENDER=" static ", PROCA_MAIL_TLS="", PROCA_KEYRING_DIR=" /srv/keyring\n")
    assert (settings.sender, settings.mail.tls, settings.keyring_dir) == (
        Mode.STATIC,
        "starttls",
        Path("/srv/keyring"),
    )


@pytest.mark.parametrize(
    ("name", "content", "path"),
    [
        ("PROCA_SECRET_KEY", "from a file: 32 characters or more", "secret_key"),
        ("PROCA_SECRET_KEY_OLD", "from a file: 32 characters or more", "old_secret_key"),
        ("PROCA_DATABASE_URL", "sqlite:////srv/proca.db", "database_url"),
        ("PROCA_QUEUE_URL", "redis://queue", "queue_url"),
        ("PROCA_RATELIMIT_URL", "redis://limits", "ratelimit_url"),
        ("PROCA_AMQP_URL", "amqp://broker", "amqp_url"),
        ("PROCA_MAIL_SERVER", "mail.example.org", "mail.server"),
        ("PROCA_PUBLIC_URL", "https://other.example.org", "public_url"),
    ],
)
def test_each_value_may_come_from_a_file(tmp_path: Path, name: str, content: str, path: str) -> None:
    (tmp_path / "value").write_text(f"{content}\n")
    env = {known: typed for known, typed in GOOD.items() if known != name}
    settings, found = config.read(env | {f"{name}_FILE": str(tmp_path / "value")})
    assert found == []
    assert value(settings, path) == content


def test_a_password_for_mail_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("hunter2\n")
    settings = good(PROCA_MAIL_USERNAME="proca", PROCA_MAIL_PASSWORD_FILE=str(tmp_path / "value"))
    assert settings.mail.password == "hunter2"


@pytest.mark.parametrize("content", [None, "", " \n", b"\xff\xfe"], ids=["missing", "empty", "blank", "not text"])
def test_a_file_that_gives_no_value_is_a_fault_and_not_the_default(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "value"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    (fault,) = faults(GOOD | {"PROCA_DATABASE_URL_FILE": str(file)})
    assert "PROCA_DATABASE_URL_FILE" in fault


def test_a_secret_pasted_where_its_file_belongs_is_not_repeated() -> None:
    env = {name: typed for name, typed in GOOD.items() if name != "PROCA_SECRET_KEY"}
    (fault,) = faults(env | {"PROCA_SECRET_KEY_FILE": "correct-horse-battery-staple"})
    assert "PROCA_SECRET_KEY_FILE" in fault
    assert "horse" not in fault


@pytest.mark.parametrize("name", ["PROCA_SECRET_KEY", "PROCA_MAIL_SERVER", "PROCA_DATABASE_URL"])
def test_a_value_and_its_file_together_are_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "value").write_text(GOOD.get(name, "sqlite:////srv/proca.db"))
    env = GOOD | {name: GOOD.get(name, "sqlite:////srv/proca.db"), f"{name}_FILE": str(tmp_path / "value")}
    assert faults(env) == [f"{name} and {name}_FILE are both set; keep one"]


MALFORMED = [
    ("PROCA_SECRET_KEY", "s" * 31),
    ("PROCA_SECRET_KEY_OLD", "s" * 31),
    ("PROCA_DATABASE_URL", "mysql://db/x"),
    ("PROCA_DATABASE_URL", "proca.db"),
    ("PROCA_DATABASE_URL", "postgresql:db"),
    ("PROCA_DATABASE_URL", "postgresql://u:p@db:port/x"),
    ("PROCA_DATABASE_URL", "postgresql://u:p#ss@w@db:x"),
    ("PROCA_DATABASE_URL", "sqlite:///"),
    ("PROCA_DATABASE_URL", "sqlite://"),
    ("PROCA_DATABASE_URL", "sqlite://proca.db"),
    ("PROCA_DATABASE_URL", "sqlite:///:memory:"),
    ("PROCA_PUBLIC_URL", "petitions.example.org"),
    ("PROCA_PUBLIC_URL", "ftp://petitions.example.org"),
    ("PROCA_PUBLIC_URL", "https://"),
    ("PROCA_PUBLIC_URL", "https://user@petitions.example.org"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org:99999"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org:port"),
    ("PROCA_PUBLIC_URL", "https://[::1"),
    ("PROCA_PUBLIC_URL", "https://petitions\n.example.org"),
    ("PROCA_PUBLIC_URL", 'https://petitions"onclick=.example.org'),
    ("PROCA_PUBLIC_URL", "https://bücher.example.org"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org/sign"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org/?a=b"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org?a"),
    ("PROCA_PUBLIC_URL", "https://petitions.example.org#"),
    ("PROCA_SENDER", "Session"),
    ("PROCA_SENDER", "forever"),
    ("PROCA_QUEUE_URL", "amqp://broker"),
    ("PROCA_QUEUE_URL", "redis"),
    ("PROCA_QUEUE_URL", "redis://queue:port"),
    ("PROCA_QUEUE_URL", "sqlite://"),
    ("PROCA_RATELIMIT_URL", "sqlite:///x"),
    ("PROCA_AMQP_URL", "http://broker"),
    ("PROCA_AMQP_URL", "amqp://[broker"),
    ("PROCA_TRUSTED_PROXIES", "-1"),
    ("PROCA_TRUSTED_PROXIES", "11"),
    ("PROCA_TRUSTED_PROXIES", "one"),
    ("PROCA_TRUSTED_PROXIES", "²"),
    ("PROCA_TRUSTED_PROXIES", "9" * 5000),
    ("PROCA_MAIL_SERVER", "smtp.example.org:587"),
    ("PROCA_MAIL_RESOLVER", "ns.example.org"),
    ("PROCA_MAIL_RESOLVER", "127.0.0.1#99999"),
    ("PROCA_MAIL_RESOLVER", "127.0.0.1:53"),
    ("PROCA_MAIL_SERVER", "smtp://smtp.example.org"),
    ("PROCA_MAIL_SERVER", "smtp example"),
    ("PROCA_MAIL_PORT", "0"),
    ("PROCA_MAIL_PORT", "65536"),
    ("PROCA_MAIL_PORT", "smtp"),
    ("PROCA_MAIL_TLS", "tls"),
    ("PROCA_MAIL_TLS", "none"),
    ("PROCA_MAIL_FROM", "petitions"),
    ("PROCA_MAIL_FROM", "a@example.org, b@example.org"),
    ("PROCA_MAIL_FROM", "Petitions <petitions@example.org>"),
    ("PROCA_MAIL_FROM", "petitions@example.org\nBcc: x@example.org"),
    ("PROCA_MAIL_FROM", "petitions@bücher.example.org"),
    ("PROCA_MAIL_USERNAME", "proca"),
    ("PROCA_MAIL_PASSWORD", "hunter2"),
    ("PROCA_DEMO", "yes"),
]


@pytest.mark.parametrize(("name", "typed"), MALFORMED, ids=[f"{name}={typed[:40]}" for name, typed in MALFORMED])
def test_a_malformed_value_is_one_fault_that_names_its_variable(name: str, typed: str) -> None:
    (fault,) = faults(GOOD | {name: typed})
    assert name in fault


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_value_is_one_fault_that_names_its_variable(name: str) -> None:
    (fault,) = faults({known: typed for known, typed in GOOD.items() if known != name})
    assert fault == f"{name} is not set (see .env.example)"


def test_all_faults_are_named_at_once() -> None:
    env = dict(MALFORMED) | {"PROCA_MAIL_PASSWORD": "", "PROCA_HOME_KEY": "k"}
    found = "\n".join(faults(env))
    assert [name for name in env if name not in found] == []


def test_a_path_in_the_public_url_is_refused_with_a_sentence() -> None:
    (fault,) = faults(GOOD | {"PROCA_PUBLIC_URL": "https://example.org/petitions"})
    assert fault.startswith("PROCA_PUBLIC_URL must not have a path")


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "::1"])
def test_mail_in_clear_goes_to_this_machine(server: str) -> None:
    settings = good(PROCA_MAIL_TLS="none", PROCA_MAIL_SERVER=server)
    assert (settings.mail.server, settings.mail.tls, settings.mail.port) == (server, "none", 25)


@pytest.mark.parametrize("server", ["smtp.example.org", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1"])
def test_mail_in_clear_to_another_machine_is_refused(server: str) -> None:
    (fault,) = faults(GOOD | {"PROCA_MAIL_TLS": "none", "PROCA_MAIL_SERVER": server})
    assert fault.startswith("PROCA_MAIL_TLS=none is allowed to localhost only")


def test_a_home_key_in_the_environment_works_in_the_demo_only() -> None:
    (fault,) = faults(GOOD | {"PROCA_HOME_KEY": "k" * 43})
    assert "PROCA_HOME_KEY works in the demo and in tests only" in fault
    settings, found = config.read(DEMO | {"PROCA_HOME_KEY": "k" * 43})
    assert (found, settings.home_key) == ([], "k" * 43)


def test_a_home_key_in_the_environment_and_in_a_file_are_a_fault() -> None:
    (fault,) = faults(DEMO | {"PROCA_HOME_KEY": "k" * 43, "PROCA_HOME_KEY_FILE": "/srv/home.key"})
    assert fault == "PROCA_HOME_KEY and PROCA_HOME_KEY_FILE are both set; keep one"


def test_the_demo_keeps_its_mail_in_a_folder_and_needs_no_mail_server(tmp_path: Path) -> None:
    settings, found = config.read(DEMO | {"PROCA_DATA_DIR": str(tmp_path)})
    assert found == []
    assert settings.mailbox_dir == tmp_path / "mailbox"


@pytest.mark.parametrize("name", ["PROCA_MAIL_SERVER", "PROCA_MAIL_SERVER_FILE"])
def test_the_demo_sends_real_mail_when_a_server_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "value").write_text("smtp.example.org")
    named = str(tmp_path / "value") if name.endswith("_FILE") else "smtp.example.org"
    settings, found = config.read(DEMO | {name: named})
    assert (found, settings.mailbox_dir, settings.mail.server) == ([], None, "smtp.example.org")


@pytest.mark.parametrize(
    "url", ["https://petitions.example.org", "http://192.168.1.5:5000", "http://localhost.example.org"]
)
def test_the_demo_is_refused_on_a_public_host(url: str) -> None:
    (fault,) = faults(DEMO | {"PROCA_PUBLIC_URL": url})
    assert fault.startswith("PROCA_DEMO shows every mail to everybody")


def test_a_relative_database_is_the_same_file_for_every_part_of_the_house() -> None:
    settings = good(PROCA_DATABASE_URL="sqlite:///data/proca.db", PROCA_QUEUE_URL="sqlite:///data/queue.db")
    assert settings.database_url == f"sqlite:///{Path('data/proca.db').resolve()}"
    assert settings.queue_url == f"sqlite:///{Path('data/queue.db').resolve()}"


@pytest.mark.parametrize(("url", "https"), [("https://petitions.example.org", True), ("http://localhost:8000", False)])
def test_cookies_are_for_tls_only_when_people_come_over_tls(url: str, https: bool) -> None:
    assert good(PROCA_PUBLIC_URL=url).is_https is https


def test_settings_show_no_secret() -> None:
    shown = repr(
        config.read(
            DEMO
            | {
                "PROCA_SECRET_KEY": "hunter2-" * 5,
                "PROCA_DATABASE_URL": "postgresql://u:hunter2@db/x",
                "PROCA_QUEUE_URL": "redis://:hunter2@queue",
                "PROCA_RATELIMIT_URL": "redis://:hunter2@limits",
                "PROCA_AMQP_URL": "amqp://u:hunter2@broker",
                "PROCA_HOME_KEY": "hunter2" * 6,
                "PROCA_MAIL_USERNAME": "proca",
                "PROCA_MAIL_PASSWORD": "hunter2",
            }
        )[0]
    )
    assert "hunter2" not in shown
    assert "public_url='http://127.0.0.1:5000'" in shown


def test_settings_cannot_be_changed() -> None:
    settings = good()
    for setting in fields(settings):
        with pytest.raises(AttributeError):
            setattr(settings, setting.name, "x")


def test_the_example_names_every_variable_and_nothing_else() -> None:
    read = "".join(room.read_text("utf-8") for room in Path(config.__file__).parent.glob("*.py"))
    known = set(re.findall(r"\bPROCA_[A-Z_]*[A-Z]\b", read))
    listed = re.findall(r"(?m)^#?(PROCA_[A-Z_]+)=", (ASSETS / ".env.example").read_text("utf-8"))
    assert sorted(listed) == sorted(known)


def test_the_example_is_good_once_the_secret_key_is_filled_in() -> None:
    lines = (ASSETS / ".env.example").read_text("utf-8").splitlines()
    env = dict(line.split("=", 1) for line in lines if line.startswith("PROCA_"))
    assert faults(env) == ["PROCA_SECRET_KEY is not set (see .env.example)"]
    assert faults(env | {"PROCA_SECRET_KEY": SECRET}) == []


def test_the_defaults_in_the_example_are_the_defaults() -> None:
    lines = (ASSETS / ".env.example").read_text("utf-8").splitlines()
    shown = dict(line.removeprefix("#").split("=", 1) for line in lines if line.startswith("#PROCA_"))
    assert config.read(shown | GOOD) == config.read(GOOD)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PROCA_MAIL_PASWORD", "PROCA_MAIL_PASSWORD"),
        ("PROCA_TRUSTED_PROXY", "PROCA_TRUSTED_PROXIES"),
        ("PROCA_SECRET_KEY_FIL", "PROCA_SECRET_KEY_FILE"),
        ("proca_sender", "PROCA_SENDER"),
    ],
)
def test_an_unknown_name_is_named_with_the_one_that_may_be_meant(name: str, meant: str) -> None:
    assert doubts.of({name: "x", "PATH": "/"}) == [f"{name} is no setting; did you mean {meant}?"]


def test_names_that_are_known_are_no_doubt() -> None:
    known = ("PROCA_SENDER", "PROCA_SENDER_FILE", "PROCA_TEST_REQUIRE", "PROCA_BENCH_X", "PROCA_ORG_PASSPHRASE", "HOME")
    assert doubts.of(dict.fromkeys(known, "it's")) == []
    assert doubts.of({"PROCA_ZEBRA": "1"}) == ["PROCA_ZEBRA is no setting that is known here"]


@pytest.mark.parametrize("value", ['"https://a.example.org"', "'x'"])
def test_quotes_that_came_with_a_value_are_named(value: str) -> None:
    (doubt,) = doubts.of({"PROCA_PUBLIC_URL": value})
    assert doubt.startswith("PROCA_PUBLIC_URL has quotes at both ends")
    assert value not in doubt


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"https://a.example.org', "PROCA_PUBLIC_URL begins with a quote"),
        ("https://a.example.org'", "PROCA_PUBLIC_URL ends with a quote"),
        ("'x\"", "PROCA_PUBLIC_URL begins with a quote"),
        ('"', "PROCA_PUBLIC_URL begins with a quote"),
    ],
)
def test_one_quote_that_came_with_a_value_is_named(value: str, said: str) -> None:
    (doubt,) = doubts.of({"PROCA_PUBLIC_URL": value})
    assert doubt.startswith(said)
    assert "a.example.org" not in doubt


def test_a_password_may_have_one_quote_but_hardly_two_at_its_ends() -> None:
    assert doubts.of({"PROCA_MAIL_PASSWORD": "pa55'"}) == []
    assert len(doubts.of({"PROCA_MAIL_PASSWORD": "'pa55'"})) == 1


@pytest.mark.parametrize("typed", ["10.0.0.0/33", "intranet", "10.0.0.1;10.0.0.2"])
def test_what_is_no_network_is_named(typed: str) -> None:
    _, faults = config.read({**GOOD, "PROCA_METRICS_ALLOW": typed})
    assert [fault for fault in faults if "PROCA_METRICS_ALLOW must name networks" in fault]


def test_connections_to_the_mail_server_are_as_many_as_it_wants_unless_a_number_is_set() -> None:
    assert good().mail.connections == 0
    assert good(PROCA_MAIL_CONNECTIONS="12").mail.connections == 12
    for wrong in ("-1", "501", "many"):
        _, faults = config.read(GOOD | {"PROCA_MAIL_CONNECTIONS": wrong})
        assert faults == ["PROCA_MAIL_CONNECTIONS must be a number from 0 to 500"]
