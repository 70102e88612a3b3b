"""The rooms of the second step: published vectors, what is kept, and two who send the same at once."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.config import Settings
from proca_web.models import RecoveryCode, TotpFactor
from proca_web.services.staff.second_factor import passkeys, recovery, sealing, totp
from tests import factories
from tests.factories import World

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEYS, NEWER = ("first key " * 4,), ("second key " * 4, "first key " * 4)


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.app.app_context(), writing() as session:
        yield session


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    when = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(b"12345678901234567890", code, when) == seconds // 30
    assert totp.step_of(b"12345678901234567891", code, when) is None


def test_an_app_reads_who_and_how_from_the_picture() -> None:
    said = totp.uri(b"12345678901234567890", "Petitions", "anna+x@example.org")
    assert said.startswith("otpauth://totp/Petitions:anna%2Bx%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert "issuer=Petitions" in said


def test_what_is_sealed_opens_for_one_person_and_purpose() -> None:
    sealed = sealing.seal(b"secret", 1, KEYS)
    assert sealing.open_(sealed, 1, KEYS) == (b"secret", False)
    assert sealing.open_(sealed, 1, NEWER) == (b"secret", True)
    assert sealing.open_(sealed, 2, KEYS) is None
    assert sealing.open_(sealed, 1, KEYS, "new-app") is None
    assert sealing.open_(sealed, 1, NEWER[:1]) is None
    assert sealing.open_(sealed[:-1], 1, KEYS) is None
    assert sealing.open_(b"", 1, KEYS) is None


def test_a_look_at_all_says_which_keys_are_wrong(session: Session) -> None:
    for user_id, keys in ((1, KEYS), (2, NEWER), (3, ("a lost key " * 4,))):
        totp.set_up(session, user_id, totp.new_secret(), 0, keys, NOW)
    session.flush()
    looked = totp.looked_at(session, NEWER)
    assert (looked.number, looked.closed, looked.old) == (3, 1, 1)


def test_another_app_takes_the_place_of_the_first(session: Session) -> None:
    for _ in range(2):
        totp.set_up(session, 1, totp.new_secret(), 7, KEYS, NOW)
        session.flush()
    assert [(factor.user_id, factor.last_step) for factor in session.query(TotpFactor)] == [(1, 7)]


def test_recovery_codes_are_kept_as_slow_hashes(session: Session) -> None:
    (hash_,) = recovery.hashed(["7KQXM2VD"])
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=2,p=1\$", hash_)
    recovery.replace(session, 1, [hash_])
    session.flush()
    kept = recovery.kept(session, 1)
    assert recovery.matching(kept, "7KQXM2VE") is None
    found = recovery.matching(kept, "7KQXM2VD")
    assert found is not None
    assert not recovery.spend(session, 2, found)
    assert recovery.spend(session, 1, found)
    assert not recovery.spend(session, 1, found)
    assert session.query(RecoveryCode).count() == 0


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://petitions.example.org:8443", "petitions.example.org"),
        ("http://localhost:5000", "localhost"),
        ("http://127.0.0.1:5000", None),
        ("http://[::1]:5000", None),
    ],
)
def test_passkeys_are_bound_to_a_name(url: str, site: str | None) -> None:
    assert passkeys.site_of(url) == site


def test_a_challenge_that_was_answered_is_no_good_again(session: Session) -> None:
    session.add(passkeys.Passkey(user_id=1, credential_id=b"id", public_key=b"key", created_at=NOW))
    session.flush()
    asked, used = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    assert passkeys.use(session, 1, 1, asked, used)
    assert not passkeys.use(session, 1, 1, asked, used)
    assert not passkeys.use(session, 1, 2, asked, used + timedelta(minutes=1))
    assert passkeys.use(session, 1, 2, used + timedelta(seconds=1), used + timedelta(minutes=1))
