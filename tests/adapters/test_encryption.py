"""The encryption extension on both databases: what it seals, with whose key, who opens it, and how it recovers."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import Encryption, SealingSubmission, active_key
from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealed
from proca_web.crypto.boxes.sender import Sender
from proca_web.crypto.errors import CannotOpen, SecretUnavailable
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.memory import Secret
from proca_web.domain.errors import CannotSealNow, HomeCannotReceive, NoActiveKey, RowRefused
from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows.plaintext import Context
from proca_web.extensions import encryption
from proca_web.models import Base, PublicKey
from proca_web.services import driver
from proca_web.services.driver import Direct
from proca_web.services.sealing.senders import SenderSource
from tests import worker
from tests.crypto.making import new_home, number, opened
from tests.factories import World

CONTACT = ContactData(first_name="Zofia", last_name="Ślązak-Żółć", email="zofia@example.org")
MODES = pytest.mark.parametrize("mode", ["session", "static", "throwaway"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the same code runs on both
NOT_STATIC = pytest.mark.parametrize("mode", ["session", "throwaway"], indirect=True)


def context(org: str = "org-one", at: datetime | None = None) -> Context:
    """Where a copy belongs."""
    return Context(
        home="home",
        action_ref="action",
        contact_ref="contact",
        campaign="trees",
        page="trees",
        org=org,
        opt_in=True,
        deliver=True,
        consent="consent",
        at=at or datetime.now(UTC),
        check="check",
    )


def encrypt(world: World, org: str = "org-one", **changes: Any) -> Sealed:
    """One copy, in an app context of its own."""
    with world.app.app_context():
        return encryption.encrypt(org, CONTACT, context(org, **changes))


def source_of(world: World) -> SenderSource:
    """The app's senders."""
    source: SenderSource = world.app.extensions["proca_encryption"]
    return source


def key_row(world: World, row: int) -> Any:
    """A row of public_keys."""
    (found,) = world.query("SELECT * FROM public_keys WHERE id = :id", id=row)
    return found


def certificate_of(world: World, row: int) -> certificates.Certificate:
    """The certificate in a sender's row, verified under the app's Home identity."""
    home, found = source_of(world).home, key_row(world, row)
    return certificates.verify(
        bytes(found.certificate), identity=home.identity, home_box=home.box_public, sign_key=bytes(found.public)
    )


def content_of(world: World, org: str, sealed: Sealed) -> dict[str, Any]:
    """A copy opened with its org's secret and raw PyNaCl."""
    sender = bytes(key_row(world, sealed.sign_key_id).public)
    content: dict[str, Any] = json.loads(opened(sealed.payload, sealed.nonce, sender, world.secrets[org]))
    return content


def everything(world: World) -> dict[str, int]:
    """How many rows each table has."""
    return {name: world.query(f"SELECT count(*) FROM {name}")[0][0] for name in Base.metadata.tables}


# The extension and its app


@ON_SQLITE
def test_its_state_is_kept_in_the_apps_extensions(app: Flask) -> None:
    assert isinstance(app.extensions["proca_encryption"], SenderSource)
    with app.app_context():
        assert encryption.source is app.extensions["proca_encryption"]


@ON_SQLITE
def test_setting_it_up_twice_for_one_app_is_refused(app: Flask) -> None:
    before = app.extensions["proca_encryption"]
    with pytest.raises(RuntimeError, match="set up already"):
        encryption.init_app(app, new_home(), Mode.SESSION)
    assert app.extensions["proca_encryption"] is before


def test_an_app_without_it_is_told_so() -> None:
    with Flask("bare").app_context(), pytest.raises(RuntimeError, match="no encryption"):
        _ = Encryption().source


@pytest.mark.parametrize("mode", list(Mode))
def test_only_a_static_app_keeps_the_home_box_secret(mode: Mode) -> None:
    home = new_home()
    Encryption().init_app(Flask("bare"), home, mode)
    assert home.box_secret.is_wiped is (mode is not Mode.STATIC)


@ON_SQLITE
def test_setting_it_up_opens_no_sender(world: World) -> None:
    assert source_of(world)._sender is None
    assert world.query("SELECT count(*) FROM public_keys WHERE kind = 'sender'")[0][0] == 0


# Encrypting


@MODES
def test_a_copy_is_payload_and_nonce_and_the_rows_of_both_keys(world: World) -> None:
    sealed = encrypt(world)
    recipient, sender = key_row(world, sealed.public_key_id), key_row(world, sealed.sign_key_id)
    assert bytes(recipient.public) == bytes(world.secrets["org-one"].public_key)
    assert sender.kind == ("home" if source_of(world).mode is Mode.STATIC else "sender")
    assert len(sealed.nonce) == 24
    assert len(sealed.payload) == 1024 + 16
    content = content_of(world, "org-one", sealed)
    assert (content["firstName"], content["lastName"], content["email"]) == (
        "Zofia",
        "Ślązak-Żółć",
        "zofia@example.org",
    )
    assert content["_meta"]["to"] == fingerprint(bytes(recipient.public))
    certificate_of(world, sealed.sign_key_id).check_nonce(sealed.nonce)


@ON_SQLITE
@MODES
def test_a_copy_shows_nothing_of_the_contact(world: World) -> None:
    sealed = encrypt(world)
    for word in ("Zofia", "Ślązak", "zofia@example.org", "firstName"):
        assert word.encode() not in sealed.payload
        assert word not in repr(sealed)


@ON_SQLITE
@pytest.mark.parametrize("mode", ["static"], indirect=True)
def test_in_static_mode_nonces_count_on_over_orgs_and_calls(world: World) -> None:
    taken = [number(encrypt(world, org).nonce) for org in ("org-one", "org-two", "org-one")]
    assert taken == [taken[0], taken[0] + 1, taken[0] + 2]


def test_the_copies_of_one_submission_have_neighbouring_nonces(world: World, client: FlaskClient) -> None:
    assert world.sign(client, "trees-partner", lead_opt_in="yes", opt_in="yes").status_code == 303
    nonces = sorted(number(bytes(row.crypto_nonce)) for row in world.query("SELECT crypto_nonce FROM contacts"))
    assert nonces == [nonces[0], nonces[0] + 1]


@ON_SQLITE
@pytest.mark.parametrize("org", ["nobody", "", "ORG-ONE"])
def test_an_org_that_is_not_there_has_no_active_key(world: World, org: str) -> None:
    with pytest.raises(NoActiveKey):
        encrypt(world, org)


@ON_SQLITE
def test_the_home_org_receives_nothing(world: World) -> None:
    with pytest.raises(HomeCannotReceive):
        encrypt(world, "home")


@pytest.mark.parametrize("status", ["pending", "retired", "revoked"])
def test_a_key_that_is_not_active_is_not_sealed_to(world: World, status: str) -> None:
    encrypt(world)
    world.execute("UPDATE public_keys SET status = :status WHERE kind = 'recipient'", status=status)
    with pytest.raises(NoActiveKey):
        encrypt(world)


def test_a_recovery_key_alone_is_no_recipients_key(world: World) -> None:
    world.execute("UPDATE public_keys SET role = 'recovery' WHERE kind = 'recipient'")
    with pytest.raises(NoActiveKey):
        encrypt(world)


def test_a_key_rotated_between_two_copies_is_read_at_use(world: World) -> None:
    before = encrypt(world)
    old = world.secrets["org-one"]
    rotated = world.rotate("org-one")
    after = encrypt(world)
    assert after.public_key_id != before.public_key_id
    sender = bytes(key_row(world, after.sign_key_id).public)
    assert b"Zofia" in opened(after.payload, after.nonce, sender, rotated)
    world.secrets["org-one"] = old
    assert content_of(world, "org-one", before)["firstName"] == "Zofia"


@ON_SQLITE
@NOT_STATIC
def test_a_copy_never_says_that_it_was_sealed_before_its_sender(world: World) -> None:
    submitted = datetime.now(UTC) - timedelta(minutes=5)  # the request waited: for a lock, or for its second try
    sealed = encrypt(world, at=submitted)
    said = content_of(world, "org-one", sealed)["_meta"]["at"]
    minute = datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    certificate_of(world, sealed.sign_key_id).check_sealed_at(minute)


# Decrypting


@ON_SQLITE
@MODES
def test_the_recipient_opens_a_copy_with_his_secret(world: World) -> None:
    sealed = encrypt(world)
    source_of(world).end()
    with world.app.app_context():
        read = encryption.decrypt(sealed, secret=Secret.taking(bytearray(bytes(world.secrets["org-one"]))))
    assert json.loads(read)["email"] == "zofia@example.org"


@ON_SQLITE
def test_another_orgs_secret_opens_nothing(world: World) -> None:
    sealed = encrypt(world)
    with world.app.app_context(), pytest.raises(CannotOpen):
        encryption.decrypt(sealed, secret=Secret.taking(bytearray(bytes(world.secrets["org-two"]))))


@ON_SQLITE
@pytest.mark.parametrize("mode", ["session", "static"], indirect=True)
def test_without_a_secret_the_sender_opens_while_it_lives(world: World) -> None:
    sealed = encrypt(world)
    with world.app.app_context():
        assert json.loads(encryption.decrypt(sealed))["email"] == "zofia@example.org"


@ON_SQLITE
@NOT_STATIC
def test_once_its_sender_is_gone_only_the_recipient_can_open_a_copy(world: World) -> None:
    sealed = encrypt(world)
    source_of(world).end()
    encrypt(world)  # another sender of the same Home Org does not help
    with world.app.app_context(), pytest.raises(SecretUnavailable):
        encryption.decrypt(sealed)


@ON_SQLITE
@pytest.mark.parametrize("mode", ["throwaway"], indirect=True)
def test_a_throwaways_copy_is_closed_at_once(world: World) -> None:
    sealed = encrypt(world)
    with world.app.app_context(), pytest.raises(SecretUnavailable):
        encryption.decrypt(sealed)


@pytest.mark.parametrize("with_secret", [True, False], ids=["as recipient", "as sender"])
def test_a_copy_whose_senders_row_is_gone_cannot_be_opened(world: World, with_secret: bool) -> None:
    sealed = encrypt(world)
    world.execute("DELETE FROM public_keys WHERE id = :id", id=sealed.sign_key_id)
    secret = Secret.taking(bytearray(bytes(world.secrets["org-one"]))) if with_secret else None
    with world.app.app_context(), pytest.raises(CannotOpen, match="not in the database"):
        encryption.decrypt(sealed, secret=secret)


# Rows of senders


@NOT_STATIC
def test_a_senders_row_says_what_its_certificate_says(world: World) -> None:
    sealed = encrypt(world)
    row = world.query(
        "SELECT k.*, o.is_home FROM public_keys k JOIN orgs o ON o.id = k.org_id WHERE k.id = :id",
        id=sealed.sign_key_id,
    )[0]
    certificate = certificate_of(world, sealed.sign_key_id)
    assert row.is_home
    assert row.fingerprint == fingerprint(certificate.sender)
    assert row.status == "active"
    with world.app.app_context(), reading() as session:
        key = session.get_one(PublicKey, sealed.sign_key_id)
        assert (key.not_before, key.not_after) == (certificate.not_before, certificate.not_after)


@pytest.mark.parametrize("mode", ["static"], indirect=True)
def test_static_senders_share_the_home_keys_row_and_its_first_certificate(world: World) -> None:
    first = encrypt(world)
    before = bytes(key_row(world, first.sign_key_id).certificate)
    source_of(world).end()
    second = encrypt(world)
    assert second.sign_key_id == first.sign_key_id
    assert bytes(key_row(world, first.sign_key_id).certificate) == before
    assert certificate_of(world, first.sign_key_id).mode is Mode.STATIC
    assert world.query("SELECT count(*) FROM public_keys WHERE kind = 'sender'")[0][0] == 0


@NOT_STATIC
def test_a_senders_row_is_committed_before_anything_is_sealed(world: World, database_url: str) -> None:
    rows: list[int] = []

    def look_from_outside(submission: SealingSubmission) -> None:
        outside = create_engine(database_url, poolclass=NullPool)
        with outside.connect() as connection:
            rows.extend(connection.execute(text("SELECT id FROM public_keys WHERE kind = 'sender'")).scalars())

    with world.app.app_context():
        encryption.store(look_from_outside, lambda connection, sealed: None)
    assert len(rows) == 1


# Storing


def clone(world: World) -> None:
    """As if this process were a copy of one that has used its last eight nonces already."""
    sender = source_of(world)._sender
    assert sender is not None
    sender._counter._next -= 8


def lose_row(world: World) -> None:
    """Somebody deletes the row of the sender that is in use."""
    sender = source_of(world)._sender
    assert sender is not None
    world.execute("DELETE FROM public_keys WHERE id = :id", id=sender.row_id)


def test_a_nonce_that_was_used_before_is_noticed_and_a_new_sender_seals_again(
    world: World, client: FlaskClient
) -> None:
    assert world.sign(client).status_code == 303
    clone(world)
    assert world.sign(client, email="second@example.org").status_code == 303
    rows = world.query("SELECT action_id, sign_key_id, crypto_nonce, payload FROM contacts ORDER BY id")
    assert len({row.action_id for row in rows}) == len(rows) == 2
    assert len({row.sign_key_id for row in rows}) == 2
    for row, address in zip(rows, ("zofia@example.org", "second@example.org"), strict=True):
        sealed = Sealed(bytes(row.payload), bytes(row.crypto_nonce), 0, row.sign_key_id)
        assert content_of(world, "org-one", sealed)["email"] == address
    counts = everything(world)
    assert (counts["actions"], counts["contacts"], counts["transients"]) == (2, 2, 2)


@ON_SQLITE
@pytest.mark.parametrize("mode", ["static"], indirect=True)
def test_a_static_sender_with_a_used_nonce_begins_somewhere_else(world: World, client: FlaskClient) -> None:
    assert world.sign(client).status_code == 303
    sender = source_of(world)._sender
    assert sender is not None
    sender._counter._next -= 1
    assert world.sign(client, email="second@example.org").status_code == 303
    first, second = (number(bytes(row.crypto_nonce)) for row in world.query("SELECT crypto_nonce FROM contacts"))
    assert abs(second - first) > 2**64


def test_a_sender_whose_row_was_deleted_is_replaced(world: World, client: FlaskClient) -> None:
    encrypt(world)
    lost = source_of(world)._sender
    lose_row(world)
    assert world.sign(client).status_code == 303
    (row,) = world.query("SELECT sign_key_id, crypto_nonce, payload FROM contacts")
    assert lost is not None
    assert lost.ended
    assert row.sign_key_id != lost.row_id
    assert everything(world)["actions"] == 1


def test_many_at_once_all_recover_from_one_bad_sender(world: World) -> None:
    encrypt(world)
    lose_row(world)
    start, answers = threading.Barrier(8), []

    def sign(place: int) -> None:
        browser = world.app.test_client()
        start.wait()
        answers.append(world.sign(browser, email=f"person-{place}@example.org").status_code)

    threads = [threading.Thread(target=sign, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 8
    pairs = world.query("SELECT sign_key_id, crypto_nonce FROM contacts")
    assert len({(row.sign_key_id, bytes(row.crypto_nonce)) for row in pairs}) == 8


@ON_SQLITE
def test_a_refused_copy_ends_its_own_sender_and_not_the_one_that_came_after_it(world: World) -> None:
    used: list[int] = []

    def seal(submission: SealingSubmission) -> None:
        used.append(submission.sealer._row_id)
        if len(used) == 1:  # another thread has met the same fault already and has a new sender
            submission.sealer.end_sender()
            used.append(source_of(world)._sealer()._row_id)

    def write(_connection: Direct, _sealed: None) -> None:
        if len(used) == 2:
            raise RowRefused("the database refused a row")

    with world.app.app_context():
        encryption.store(seal, write)
    assert used[2] == used[1] != used[0]


def break_every_row(world: World) -> list[Sender]:
    """From now on each sender's row vanishes as soon as it is committed."""
    source, broken = source_of(world), []
    real: Callable[[Sender], int] = source._register

    def register(sender: Sender) -> int:
        row = real(sender)
        with writing() as session:
            session.execute(text("DELETE FROM public_keys WHERE id = :id"), {"id": row})
        broken.append(sender)
        return row

    source._register = register
    return broken


@NOT_STATIC
def test_after_three_senders_a_signature_is_refused_with_503_and_nothing_is_stored(
    world: World, client: FlaskClient
) -> None:
    worker.has_key(world.app)
    before = everything(world)
    broken = break_every_row(world)
    answer = world.sign(client)
    assert answer.status_code == 503
    assert len(broken) == 3
    assert all(sender._secret.is_wiped for sender in broken)
    assert everything(world) == before


@ON_SQLITE
def test_after_three_senders_storing_gives_up_by_name(world: World) -> None:
    tries: list[int] = []

    def never(submission: SealingSubmission) -> None:
        tries.append(submission.sealer._row_id)
        submission.sealer.end_sender()  # as its timer may do in the middle of a submission
        submission.encrypt(key, CONTACT, context())

    with world.app.app_context():
        key = active_key("org-one", encryption.vouching)
        with pytest.raises(CannotSealNow):
            encryption.store(never, lambda connection, sealed: None)
    assert len(set(tries)) == 3


@ON_SQLITE
def test_any_other_failure_is_raised_at_once_and_rolls_back(world: World) -> None:
    before = everything(world)
    tries = []

    def fail(connection: Direct, sealed: None) -> None:
        tries.append(1)
        driver.execute(connection, "DELETE FROM memberships")
        raise ZeroDivisionError

    with world.app.app_context(), pytest.raises(ZeroDivisionError):
        encryption.store(lambda submission: None, fail)
    assert tries == [1]
    after = everything(world)
    assert after.pop("public_keys") == before.pop("public_keys") + 1  # the sender's row, committed on its own
    assert after == before
    sender = source_of(world)._sender
    assert sender is not None
    assert not sender.ended


def test_a_high_security_org_gives_the_whole_submission_a_throwaway(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE orgs SET high_security = true WHERE name = 'org-two'")
    assert world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes").status_code == 303
    rows = world.query("SELECT DISTINCT sign_key_id FROM contacts")
    assert len(rows) == 1
    assert certificate_of(world, rows[0].sign_key_id).mode is Mode.THROWAWAY
    assert source_of(world)._sender is None
    assert everything(world)["contacts"] == 2
