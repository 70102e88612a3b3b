"""How we hear of bounces: the two settings, their faults, and that no secret shows."""

import pytest

from proca_web import config
from proca_web.config import Settings

GOOD = {
    "PROCA_SECRET_KEY": "s" * 32,
    "PROCA_PUBLIC_URL": "https://petitions.example.org",
    "PROCA_MAIL_SERVER": "smtp.example.org",
    "PROCA_MAIL_FROM": "petitions@example.org",
}
SECRET = "a secret of a provider".replace(" ", "-")
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"


def read(**env: str) -> tuple[Settings, list[str]]:
    return config.read(GOOD | env)


def proofs(given: str) -> dict[str, str]:
    settings, faults = read(PROCA_BOUNCE_SECRET=given)
    assert faults == []
    return dict(settings.bounces.proofs)


def test_without_them_nobody_reports_and_the_envelope_is_everybodys() -> None:
    settings, faults = read()
    assert (settings.bounces.envelope, settings.bounces.proofs, faults) == ("", {}, [])


@pytest.mark.parametrize("envelope", ["bounces+{}@example.org", "{}@bounces.example.org", "b-{}-x@localhost"])
def test_an_envelope_address_has_one_place_for_the_code(envelope: str) -> None:
    settings, faults = read(PROCA_MAIL_BOUNCE=envelope)
    assert (settings.bounces.envelope, faults) == (envelope, [])


@pytest.mark.parametrize(
    "envelope",
    [
        "bounces@example.org",
        "bounces+{}",
        "bounces@{}.example.org",
        "{}+{}@example.org",
        "{0}@example.org",
        "Bounces <b+{}@example.org>",
        "a@example.org,b+{}@example.org",
        "bounces+{}@bücher.example.org",
        "twenty-three-characters{}@example.org",
    ],
)
def test_any_other_envelope_address_is_a_fault(envelope: str) -> None:
    (fault,) = read(PROCA_MAIL_BOUNCE=envelope)[1]
    assert fault.startswith("PROCA_MAIL_BOUNCE must be one address with {} once before its @")


def test_an_envelope_address_may_be_as_long_as_mail_servers_take() -> None:
    assert read(PROCA_MAIL_BOUNCE="x" * 22 + "{}@example.org")[1] == []


def test_a_secret_alone_counts_for_every_provider_that_has_one() -> None:
    assert proofs(SECRET) == dict.fromkeys(("postmark", "brevo", "mailgun", "standard"), SECRET)


def test_a_secret_with_a_name_is_that_providers() -> None:
    given = f"ses:{TOPIC}, postmark:{SECRET},standard:whsec_c2VjcmV0IG9mIGEgcHJvdmlkZXI="
    assert proofs(given) == {
        "ses": TOPIC,
        "postmark": SECRET,
        "standard": "whsec_c2VjcmV0IG9mIGEgcHJvdmlkZXI=",
    }


def test_amazon_is_heard_only_by_its_name() -> None:
    assert "ses" not in proofs(SECRET)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("short", "needs secrets of at least 16 characters"),
        ("postmark:short", "needs secrets of at least 16 characters"),
        (f"postmarc:{SECRET}", "none of ses, postmark, brevo, mailgun, standard"),
        (f"ses:{SECRET}", "needs the ARN of your topic"),
        ("ses:arn:aws:sns:eu.evil:123456789012:bounces", "needs the ARN of your topic"),
        (TOPIC, "none of ses"),
        ("standard:whsec_not base64 at all", "not base64"),
    ],
)
def test_what_is_no_proof_is_a_fault_that_does_not_repeat_it(given: str, fault: str) -> None:
    (said,) = read(PROCA_BOUNCE_SECRET=given)[1]
    assert said.startswith("PROCA_BOUNCE_SECRET")
    assert fault in said
    assert SECRET not in said


def test_the_proofs_do_not_show() -> None:
    settings, _ = read(PROCA_BOUNCE_SECRET=SECRET)
    assert SECRET not in repr(settings)
