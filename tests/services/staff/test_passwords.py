"""What a guess costs: argon2id with 64 MiB, for a password that is there and for one that is not."""

import pytest

from proca_web.domain.errors import BadSetting
from proca_web.services.staff import passwords

PASSWORD = "a password for tests"
COST = "$argon2id$v=19$m=65536,t=2,p=1$"


def test_a_hash_costs_64_mebibytes_and_opens_with_its_password_alone() -> None:
    hashed = passwords.hash_password(PASSWORD)
    assert hashed.startswith(COST)
    assert PASSWORD not in hashed
    assert passwords.verify_password(hashed, PASSWORD)
    assert not passwords.verify_password(hashed, PASSWORD + " ")


def test_asking_for_nobody_costs_the_same_and_is_wrong() -> None:
    assert passwords._nobody().decode().startswith(COST)
    assert not passwords.verify_password(None, PASSWORD)
    assert not passwords.verify_password("", PASSWORD)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129])
def test_a_short_or_endless_password_is_refused(password: str) -> None:
    with pytest.raises(BadSetting, match="12 to 128 characters"):
        passwords.hash_password(password)
