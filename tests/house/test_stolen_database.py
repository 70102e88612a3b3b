"""What a stolen database may not hold or tell, with the secrets and addresses of a running server in hand."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

from flask.testing import FlaskClient
from sqlalchemy import select

from proca_web.adapters.database import reading
from proca_web.crypto.labels import label
from proca_web.crypto.memory import ffi
from proca_web.models import Base
from tests.databases import ON_SQLITE
from tests.factories import World

ADDRESS = "zofia.zawadzka@example.org"


def cells(world: World) -> Iterator[tuple[str, bytes]]:
    """Every value of every column, as bytes, with its name."""
    with world.app.app_context(), reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, value in row.items():
                    yield f"{table.name}.{column}", value if isinstance(value, bytes) else str(value).encode()


def spellings(secret: bytes) -> set[bytes]:
    """How a secret might be written down."""
    plain, web = base64.b64encode(secret), base64.urlsafe_b64encode(secret)
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), plain.rstrip(b"="), web.rstrip(b"=")}


def confirmed(world: World, client: FlaskClient, page: str = "trees", email: str = ADDRESS) -> None:
    """One signature, all the way."""
    assert world.sign(client, page, email=email, opt_in="yes", lead_opt_in="yes").status_code == 303
    world.run("mail")
    assert client.post(world.link(email)).status_code == 303
    world.run("release")


def test_no_cell_holds_the_secret_of_the_sender_that_sealed_a_copy(world: World, client: FlaskClient) -> None:
    confirmed(world, client)
    source = world.app.extensions["proca_encryption"]
    sender = source.holder_of(world.query("SELECT max(sign_key_id) FROM contacts")[0][0])
    public, held = sender.public, [sender._secret, *sender._shared.values()]
    assert [name for name, value in cells(world) if public in value] == [
        "public_keys.public",
        "public_keys.certificate",
    ]
    assert len(held) == 2
    secrets = {spelling for secret in held for spelling in spellings(bytes(ffi.buffer(secret.pointer, 32)))}
    assert [name for name, value in cells(world) if any(spelling in value for spelling in secrets)] == []


def test_a_fingerprint_needs_the_campaigns_key_to_be_tested(world: World, client: FlaskClient) -> None:
    confirmed(world, client)
    ((stored,),) = world.query("SELECT fingerprint FROM supporters")
    key = (world.app.extensions["proca_keyring"].directory / "campaigns" / "1").read_bytes()
    assert bytes(stored) == hmac.digest(key, label("dedupe") + ADDRESS.encode(), "sha512")[:32]
    assert not any(key in value for _, value in cells(world))
    # What could be tried without the key: the address alone, or with anything else the database holds.
    known = {b"", b"1", b"trees"} | {value for _, value in cells(world) if len(value) <= 64}
    guesses = (ADDRESS, ADDRESS.upper(), f"mailto:{ADDRESS}")
    for name in ("sha256", "sha512", "blake2b", "blake2s", "sha3_256", "md5"):
        for address in guesses:
            for more in known:
                tried = {hashlib.new(name, more + address.encode()).digest()[:32]}
                tried |= {hmac.digest(more, part + address.encode(), name)[:32] for part in (b"", label("dedupe"))}
                assert bytes(stored) not in tried


def test_organisations_share_no_reference_to_a_contact(world: World, client: FlaskClient) -> None:
    for number in range(3):
        confirmed(world, client, "trees-partner", f"person{number}@example.org")
    rows = world.query("SELECT action_id, org_id, contact_ref FROM contacts")
    assert len({org for _, org, _ in rows}) == 2
    assert len({bytes(ref) for _, _, ref in rows}) == len(rows) == 6
    refs = [{row["contact_ref"] for row in world.export(org)} for org in ("org-one", "org-two")]
    assert [len(each) for each in refs] == [3, 3]
    assert not refs[0] & refs[1]


@ON_SQLITE
def test_the_sweep_empties_the_write_ahead_log(world: World, client: FlaskClient) -> None:
    confirmed(world, client)
    with world.app.app_context(), reading() as session:
        path = session.connection().exec_driver_sql("PRAGMA database_list").fetchone()[2]
    with open(f"{path}-wal", "rb") as log:
        assert len(log.read()) > 40_000
    world.run("sweep")
    with open(f"{path}-wal", "rb") as log:
        # What the sweep itself wrote down after it had emptied the log, if anything: a few pages.
        assert len(log.read()) < 40_000
