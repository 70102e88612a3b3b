"""PROCA_MAIL_TRANSPORTS: one table of TOML for each org; every fault is named with its table, and no secret is read."""

from pathlib import Path

import pytest

from proca_web import config
from proca_web.cli import doubts
from proca_web.config import Settings
from proca_web.config.transports import Transport, password_faults

NAME = "PROCA_MAIL_TRANSPORTS"
GOOD = {
    "PROCA_SECRET_KEY": "x" * 32,
    "PROCA_PUBLIC_URL": "https://petitions.example.org",
    "PROCA_MAIL_SERVER": "smtp.example.org",
    "PROCA_MAIL_FROM": "petitions@example.org",
}
TOML = """
# who sends what
[org-one]
server = "smtp.org-one.example"
from = "campaign@org-one.example"
connections = 5
[org-two]
server = "localhost"
tls = "none"
username = "two"
password_file = "/run/secrets/two"
"""


def read(value: str, name: str = NAME) -> tuple[Settings, list[str]]:
    return config.read(GOOD | {name: value})


def test_each_table_is_one_orgs_mail_server() -> None:
    settings, faults = read(TOML)
    assert faults == []
    assert settings.transports == {
        "org-one": Transport("org-one", "smtp.org-one.example", 587, sender="campaign@org-one.example", connections=5),
        "org-two": Transport("org-two", "localhost", 25, "none", "two", Path("/run/secrets/two")),
    }


@pytest.mark.parametrize("name", [NAME, f"{NAME}_FILE"])
@pytest.mark.parametrize("text", [TOML, 'org-one = {server = "smtp.org-one.example"}'])
def test_the_value_may_be_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "transports.toml").write_text(text)
    settings, faults = read(str(tmp_path / "transports.toml"), name)
    assert faults == []
    assert settings.transports["org-one"].server == "smtp.org-one.example"


def test_what_begins_with_a_bracket_or_has_lines_is_the_text_itself() -> None:
    assert read("[org-one]\nserver='a.example'")[0].transports["org-one"].server == "a.example"
    assert read("#\norg-one.server='a.example'")[0].transports["org-one"].server == "a.example"
    assert read("[org-one]")[1] == [f"{NAME} [org-one]: server is not set"]
    assert read("/nowhere/transports.toml")[1] == [f"{NAME} names a file that cannot be read"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("server = 5", "[org-one]: server must be a text"),
        ("server = ''", "[org-one]: server is not set"),
        ("server = 'smtp://a.example'", "[org-one]: server must be the name of a host"),
        ("server = 'a.example:25'", "[org-one]: server must be the name of a host"),
        ("server = 'a.example'\nport = 0", "[org-one]: port must be a number from 1 to 65535"),
        ("server = 'a.example'\nport = '25'", "[org-one]: port must be a number from 1 to 65535"),
        ("server = 'a.example'\nconnections = true", "[org-one]: connections must be a number from 0 to 500"),
        ("server = 'a.example'\ntls = 'tls'", "[org-one]: tls must be one of starttls, ssl, none"),
        ("server = 'a.example'\ntls = 'none'", "[org-one]: tls none is allowed to localhost only"),
        ("server = 'a.example'\nfrom = 'a, b@c.example'", "[org-one]: from must be one address"),
        ('server = "a.example"\nfrom = "a@b.example\\r\\nBcc: c@d.example"', "[org-one]: from must be one address"),
        ("server = 'a.example'\nfrom = 'a@bücher.example'", "[org-one]: from must be one address"),
        ("server = 'a.example'\nusername = 'u'", "[org-one]: username and password_file belong together"),
        ("server = 'a.example'\npassword = 'hunter2'", "[org-one]: password is none of server, tls,"),
        ("server a.example\nport = 1", "is no TOML at line 2"),
        ("server = 'a.example", "is no TOML at its end"),
    ],
)
def test_a_fault_is_named_with_its_table_and_without_its_value(lines: str, said: str) -> None:
    (fault,) = read(f"[org-one]\n{lines}")[1]
    assert fault.startswith(f"{NAME} {said}")
    assert "hunter2" not in fault


def test_all_faults_are_named_at_once() -> None:
    faults = read("[one]\ntls='none'\nserver='a.example'\nfrom='x'\n[two]\n[Three]\nserver='a.example'\n")[1]
    assert [fault.removeprefix(f"{NAME} ").split(":")[0].split(",")[0] for fault in faults] == [
        "[one]",
        "[one]",
        "[two]",
        "has 'Three'",
    ]


def test_a_password_file_is_read_by_nobody_but_who_connects(tmp_path: Path) -> None:
    file = tmp_path / "password"
    settings, faults = read(f"[org-one]\nserver='a.example'\nusername='u'\npassword_file='{file}'\n")
    assert faults == []
    for text, said in ((None, "cannot be read"), ("\n", "is empty"), ("hunter2", "")):
        if text is not None:
            file.write_text(text)
        found = password_faults(settings.transports)
        assert found == ([f"{NAME} [org-one]: password_file {file} {said}"] if said else [])
    assert "hunter2" not in repr(settings)
    assert settings.transports["org-one"].password() == "hunter2"


def test_the_quotes_of_toml_are_no_doubt() -> None:
    assert doubts.of({NAME: TOML.strip()}) == []
