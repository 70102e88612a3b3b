"""No secret in the schema, none in what objects say of themselves, none written where it can be found."""

import os
import traceback
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from proca_web import config
from proca_web.crypto import memory
from proca_web.crypto.boxes.sealing import Sealed
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keyfile import new_org_key
from proca_web.crypto.memory import Secret
from proca_web.domain.people.contact import ContactData
from proca_web.models import Base
from proca_web.services.instance import invariants
from tests.databases import ON_SQLITE
from tests.factories import CANARY, World

OF_STAFF = {"users", "invitations", "account_links", "outbox", "partners"}


def test_no_column_is_for_a_secret_or_for_clear_personal_data() -> None:
    assert invariants.secret_columns() == []
    personal = {"first_name", "last_name", "name_first", "phone", "address", "street", "birth_date", "postcode"}
    for table in Base.metadata.sorted_tables:
        columns = {column.name for column in table.columns}
        assert not columns & personal, table.name
        assert "email" not in columns or table.name in OF_STAFF


def faces(thing: object) -> str:
    """Everything an object says of itself: repr, str, and a traceback that has it among its values."""
    try:
        raise RuntimeError([thing])
    except RuntimeError:
        return f"{thing!r} {thing}" + traceback.format_exc()


def test_what_holds_a_secret_shows_none_of_it() -> None:
    raw = os.urandom(32)
    line = encode(raw)
    kept = Secret.taking(bytes(bytearray(raw)))
    home = HomeKey(bytearray(line.encode()))
    org = new_org_key("org-one")
    shared = memory.box_shared(bytes(PrivateKey.generate().public_key), kept)
    for thing in (kept, home, org, shared):
        shown = faces(thing)
        for secret in (raw, org.secret):
            assert line not in shown
            assert repr(secret)[2:-1] not in shown
            assert secret.hex() not in shown
            assert encode(secret) not in shown


def test_personal_data_shows_its_field_names_only() -> None:
    person = ContactData(**CANARY)
    waiting = Waiting(CANARY["email"], CANARY["first_name"], b"t" * 32)
    for thing in (person, waiting):
        shown = faces(thing)
        assert not [value for value in CANARY.values() if value in shown and len(value) > 3]
    assert repr(person).startswith("<ContactData first_name email")


def test_a_sealed_copy_shows_no_bytes() -> None:
    assert "1, 2" not in repr(Sealed(b"\x01\x02" * 600, b"n" * 24, 1, 2))
    assert "nnn" not in repr(Sealed(b"\x01\x02" * 600, b"n" * 24, 1, 2))


SECRET_SETTINGS = {
    "PROCA_SECRET_KEY": "unmistakable-key-" * 3,
    "PROCA_HOME_KEY": encode(b"unmistakable-home-key-32-bytes!!"),
    "PROCA_DATABASE_URL": "postgresql://user:unmistakable-database@db/x",
    "PROCA_QUEUE_URL": "redis://:unmistakable-queue@db/1",
    "PROCA_RATELIMIT_URL": "redis://:unmistakable-limits@db/2",
    "PROCA_AMQP_URL": "amqps://user:unmistakable-broker@db/x",
    "PROCA_MAIL_PASSWORD": "unmistakable-mail",
    "PROCA_BOUNCE_SECRET": "unmistakable-bounces",
}


@pytest.mark.parametrize("name", SECRET_SETTINGS)
def test_settings_show_no_secret(tmp_path: Path, name: str) -> None:
    value = SECRET_SETTINGS[name]
    settings, _ = config.read({"PROCA_DATA_DIR": str(tmp_path), name: value})
    assert value.removeprefix("postgresql") in repr(vars_of(settings)), "it is not read at all"
    shown = faces(settings)
    assert value not in shown
    assert "unmistakable" not in shown


def vars_of(settings: object) -> dict[str, object]:
    """Every value of the settings, also of those inside."""
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}  # type: ignore[arg-type]
    return {name: vars_of(value) if is_dataclass(value) else value for name, value in values.items()}


@ON_SQLITE
@pytest.mark.parametrize("name", ["secret_key", "SECRET_KEY", "config"])
def test_templates_cannot_reach_the_configuration(world: World, name: str) -> None:
    assert name not in world.app.jinja_env.globals
