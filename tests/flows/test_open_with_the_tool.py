"""The last step as an organisation does it: the console's CSV and the org's own key file, opened by `proca-org`."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.org_tool.cli import main
from tests import factories
from tests.databases import ON_SQLITE
from tests.factories import World

PASSPHRASE = "a passphrase of tests"


def key_file(world: World, org: str, folder: Path) -> Path:
    """The org's key as its file, pinned to this instance."""
    secret = world.secrets[org]
    identity = encode(world.app.extensions["proca_encryption"].home.identity)
    path = folder / f"{org}.orgkey.json"
    key = OrgKey(org, bytes(secret.public_key), bytes(secret), home_identity=identity)
    path.write_text(factories.key_file(key, PASSPHRASE))
    return path


def decrypt(world: World, org: str, folder: Path, key: Path) -> tuple[int, list[dict[str, str]], str]:
    """The exit code, the opened rows, and what was said, of the console's own CSV."""
    answer = world.signed_in(f"admin@{org}.example.org").get(f"/console/{org}/exports/contacts.csv")
    export, out = folder / f"{org}.csv", folder / "people.csv"
    export.write_bytes(answer.data)
    command = ["decrypt", str(export), "--key", str(key), "-o", str(out)]
    done = CliRunner().invoke(main, command, env={"PROCA_ORG_PASSPHRASE": PASSPHRASE})
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8")))) if out.exists() else []
    return done.exit_code, rows, done.output


def confirm(world: World, client: FlaskClient) -> None:
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")


@pytest.mark.parametrize("mode", ["session", "static", "throwaway"], indirect=True)
def test_each_org_opens_its_own_export_and_nothing_is_set_aside(
    world: World, client: FlaskClient, tmp_path: Path
) -> None:
    world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes", comment="=SUM(A1)", phone="+48 22 555 01 23")
    confirm(world, client)
    for org in ("org-one", "org-two"):
        code, rows, said = decrypt(world, org, tmp_path, key_file(world, org, tmp_path))
        assert (code, len(rows)) == (0, 1), said
        assert rows[0]["last_name"] == "Ślązak-Żółć"
        assert rows[0]["phone"] == "+48 22 555 01 23"
        assert rows[0]["comment"] == "'=SUM(A1)"
        assert rows[0]["opt_in"] == "true"


@ON_SQLITE
def test_another_orgs_key_opens_nothing(world: World, client: FlaskClient, tmp_path: Path) -> None:
    world.sign(client)
    confirm(world, client)
    code, rows, _ = decrypt(world, "org-one", tmp_path, key_file(world, "org-two", tmp_path))
    assert (code, rows) == (1, [])


@ON_SQLITE
def test_rows_swapped_in_the_database_are_set_aside(world: World, client: FlaskClient, tmp_path: Path) -> None:
    for address in ("first@example.org", "second@example.org", "third@example.org"):
        world.sign(client, email=address)
        confirm(world, client)
    (one, two) = world.query("SELECT id, payload, crypto_nonce FROM contacts ORDER BY id LIMIT 2")
    world.execute("UPDATE contacts SET crypto_nonce = :n WHERE id = :id", n=b"x" * 24, id=two[0])
    world.execute("UPDATE contacts SET payload = :p, crypto_nonce = :n WHERE id = :id", p=two[1], n=two[2], id=one[0])
    code, rows, _ = decrypt(world, "org-one", tmp_path, key_file(world, "org-one", tmp_path))
    assert code == 3
    assert [row["email"] for row in rows] == ["third@example.org"]
    quarantined = list(csv.DictReader(io.StringIO((tmp_path / "people.csv.quarantine.csv").read_text("utf-8"))))
    assert len(quarantined) == 2


@ON_SQLITE
def test_a_withdrawal_reaches_the_org_as_a_row_to_delete(world: World, client: FlaskClient, tmp_path: Path) -> None:
    world.sign(client)
    confirm(world, client)
    key = key_file(world, "org-one", tmp_path)
    (before,) = decrypt(world, "org-one", tmp_path, key)[1]
    client.post(f"{world.link()}/reject")
    world.run("release")
    code, rows, _ = decrypt(world, "org-one", tmp_path, key)
    assert code == 0
    assert [(row["action_type"], row["contact_ref"], row["email"]) for row in rows] == [
        ("erased", before["contact_ref"], "")
    ]
    assert json.loads(key.read_text())["org"] == "org-one"
