"""What an operator does about second steps: `user reset-factor`, and what `check` says of the key they are under."""

from datetime import UTC, datetime

import pytest

from proca_web.services.staff.second_factor import sealing, totp
from tests.cli.instance import OPERATOR, Instance

LOST, OTHER = "another key " * 4, "a third key " * 4


def with_phone(instance: Instance, key: str) -> None:
    """The operator set up a phone while that was the secret key."""
    ((user_id,),) = instance.sql("SELECT id FROM users")
    seal = sealing.seal(totp.new_secret(), user_id, [key.strip()]).hex()
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    instance.sql(f"INSERT INTO totp_factors (user_id, seal, created_at) VALUES ({user_id}, x'{seal}', '{now}')")


def test_a_lone_operator_gets_a_day_and_a_mail(instance: Instance) -> None:
    assert "has no second step" in instance.refuses("user", "reset-factor", OPERATOR)
    with_phone(instance, "tests only " * 4)
    said = instance.does("user", "reset-factor", OPERATOR)
    assert f"✓ the second step of {OPERATOR} is switched off after" in said
    assert "waits already" in instance.refuses("user", "reset-factor", OPERATOR)
    assert instance.sql("SELECT count(*) FROM totp_factors") == [(1,)]
    assert instance.sql("SELECT kind FROM outbox WHERE kind LIKE 'factor%'") == [("factor/reset-asked",)]
    assert instance.sql("SELECT event FROM audit_entries WHERE event LIKE 'factor%'") == [("factor-reset-asked",)]


def test_the_operator_can_stop_it(instance: Instance) -> None:
    with_phone(instance, "tests only " * 4)
    assert "no reset for" in instance.refuses("user", "reset-factor", OPERATOR, "--cancel")
    instance.does("user", "reset-factor", OPERATOR)
    assert "stays" in instance.does("user", "reset-factor", OPERATOR, "--cancel")
    assert instance.sql("SELECT done FROM factor_resets WHERE ended_at IS NOT NULL") == [(0,)]


def test_nobody_is_reset_in_the_name_of_an_org_that_is_not_theirs(org: Instance) -> None:
    with_phone(org, "tests only " * 4)
    refused = org.refuses("user", "reset-factor", OPERATOR, "--org", "org-one")
    assert "is not on the staff of org-one" in refused
    assert "there is no user x@example.org" in org.refuses("user", "reset-factor", "x@example.org")


@pytest.mark.parametrize(("set_up_under", "old", "said"), [(LOST, "", "✗"), (OTHER, OTHER, "note"), (None, "", "")])
def test_check_opens_second_steps_and_says_what_a_wrong_key_means(
    page: Instance, set_up_under: str | None, old: str, said: str
) -> None:
    with_phone(page, set_up_under or "tests only " * 4)
    done = page.command("check", **({"PROCA_SECRET_KEY_OLD": old} if old else {}))
    told = [line for line in done.output.splitlines() if "phones" in line]
    assert [line.partition(" ")[0].rstrip(":") for line in told] == ([said] if said else [])
    assert done.exit_code == (1 if said == "✗" else 0)
    if said == "✗":
        assert "PROCA_SECRET_KEY is not the one that 1 of 1 phones were set up under" in told[0]
        assert "recovery code" in told[0]
