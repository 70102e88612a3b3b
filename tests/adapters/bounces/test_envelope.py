"""What names a mail on its way out: a code of its own in the envelope, which nobody else can make."""

from dataclasses import replace

import pytest
from flask import Flask

from proca_web.adapters.bounces import envelope
from proca_web.config import Settings
from proca_web.config.bounces import BounceSettings
from proca_web.crypto.labels import keyed
from tests import factories

REF = bytes(range(16))


@pytest.fixture
def settings(tmp_path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


def heard(app: Flask, template: str = "bounces+{}@example.org", *providers: str) -> Flask:
    """The app, as if that were set."""
    bounces = BounceSettings(template, dict.fromkeys(providers, "s" * 16))
    app.extensions["proca_settings"] = replace(app.extensions["proca_settings"], bounces=bounces)
    return app


def test_the_code_is_what_the_protocol_says(app: Flask) -> None:
    """Crockford of the reference and ten bytes of K("bounce", key, reference), as one number."""
    key = app.extensions["proca_settings"].secret_key.encode()
    number = int.from_bytes(REF + keyed("bounce", key, REF)[:10], "big")
    letters = ""
    for _ in range(42):
        number, digit = divmod(number, 32)
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + letters
    assert number == 0
    assert envelope.code_of(app, REF) == letters


def test_each_mail_has_an_envelope_of_its_own(app: Flask) -> None:
    assert envelope.sender_of(heard(app), REF) == f"bounces+{envelope.code_of(app, REF)}@example.org"
    assert envelope.sender_of(app, REF) != envelope.sender_of(app, REF[::-1])


def test_without_the_setting_the_envelope_is_everybodys(app: Flask) -> None:
    assert envelope.sender_of(app, REF) == "petitions@example.org"


@pytest.mark.parametrize("ref", [REF, b"\x00" * 16, b"\xff" * 16, bytes(range(240, 256))])
def test_an_address_that_comes_back_names_its_action(app: Flask, ref: bytes) -> None:
    sender = envelope.sender_of(heard(app), ref)
    code = envelope.code_of(app, ref)
    for text in (sender, sender.lower(), f"<{sender}>", f"rfc822; {sender}", code, f'"x" <{sender}>, y@example.org'):
        assert envelope.action_ref_in(app, text) == ref, text


def test_letters_that_people_mistake_are_read_as_crockford_says(app: Flask) -> None:
    code = envelope.code_of(app, b"\x00" * 15 + b"\x01")
    assert envelope.action_ref_in(app, code.replace("0", "O").replace("1", "l")) == b"\x00" * 15 + b"\x01"


def test_no_code_of_another_key_and_no_changed_one_is_taken(app: Flask) -> None:
    code = envelope.code_of(app, REF)
    for place, letter in enumerate(code):
        other = code[:place] + ("7" if letter != "7" else "8") + code[place + 1 :]
        assert envelope.action_ref_in(app, other) is None
    settings = replace(app.extensions["proca_settings"], secret_key="another key " * 4)
    app.extensions["proca_settings"] = settings
    assert envelope.action_ref_in(app, code) is None
    app.extensions["proca_settings"] = replace(settings, old_secret_key="a third key " * 4)
    assert envelope.action_ref_in(app, code) is None


def test_after_a_change_of_the_key_codes_of_before_are_read_and_new_ones_made(app: Flask) -> None:
    settings, before = app.extensions["proca_settings"], envelope.code_of(app, REF)
    old = settings.secret_key
    app.extensions["proca_settings"] = replace(settings, secret_key="another key " * 4, old_secret_key=old)
    after = envelope.code_of(app, REF)
    assert after != before
    assert [envelope.action_ref_in(app, code) for code in (before, after)] == [REF, REF]


@pytest.mark.parametrize(
    "text",
    ["", "petitions@example.org", "Z" * 42, "U" * 42, "0" * 42, "0" * 41, "0" * 43, "é" * 42, "0" * 100_000, "\x00"],
)
def test_what_is_no_code_names_nothing(app: Flask, text: str) -> None:
    assert envelope.action_ref_in(app, text) is None


def test_a_code_is_found_behind_others_that_are_none(app: Flask) -> None:
    assert envelope.action_ref_in(app, f"{'0' * 42}@example.org, {envelope.code_of(app, REF)}@example.org") == REF


def test_providers_that_hand_a_header_back_get_the_code_in_it(app: Flask) -> None:
    code = envelope.code_of(app, REF)
    assert envelope.headers_of(heard(app, "", "ses", "mailgun", "standard"), REF) == {}
    assert envelope.headers_of(heard(app, "", "postmark"), REF) == {"X-PM-Metadata-bounce": code}
    assert envelope.headers_of(heard(app, "", "brevo"), REF) == {"X-Mailin-custom": code}


def test_a_message_id_of_ours_is_known_by_its_form() -> None:
    assert envelope.message_id_in("<AAECAwQFBgcICQoLDA0ODw@example.org>") == REF
    assert envelope.message_id_in("AAECAwQFBgcICQoLDA0ODw@elsewhere.example") == REF
    for other in (
        "",
        "<20130503192659.13651@example.org>",
        "<AAECAwQFBgcICQoLDA0ODx@example.org>",
        "AAECAwQFBgcICQoLDA0ODw",
    ):
        assert envelope.message_id_in(other) is None
