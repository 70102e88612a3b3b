"""The public key directory and the key log, checked as a stranger would: with raw PyNaCl and hashlib."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from proca_web.web import page_cache
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import FakeClock, World
from tests.key_holder import CROCKFORD, Holder, Owner, fingerprint, label, unb64

PATHS = ("/keys", "/keys.json", "/keys/log.json")
WITHOUT_SIGNATURE = "This key came without the old key’s signature on "


def fresh(client: FlaskClient, path: str) -> Any:
    """What is published now, not two seconds ago: the answer, or its JSON."""
    page_cache.forget(client.application)
    answer = client.get(path)
    return answer.json if path.endswith(".json") and answer.status_code == 200 else answer


def be(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def sized(text: str) -> bytes:
    return be(len(text.encode()), 4) + text.encode()


def verify(identity: str, purpose: str, data: bytes, signature: str) -> None:
    """Raises BadSignatureError."""
    VerifyKey(unb64(identity)).verify(label(purpose) + data, unb64(signature))


def hashes(entries: list[str]) -> list[bytes]:
    """The chain, computed anew from the texts."""
    chain = [bytes(32)]
    for entry in entries:
        chain.append(hashlib.sha512(label("keylog") + chain[-1] + entry.encode()).digest()[:32])
    return chain


def check_endorsed(client: FlaskClient) -> list[dict[str, Any]]:
    """The listed keys, once each was found endorsed and at its place of the log."""
    directory, entries = fresh(client, "/keys.json"), fresh(client, "/keys/log.json")["entries"]
    for key in directory["keys"]:
        said = sized(key["org"]) + sized(key["role"]) + unb64(key["public"]) + be(key["log_index"], 8)
        verify(directory["home"]["identity"], "org-key", said, key["endorsement"])
        entry = json.loads(entries[key["log_index"]])
        assert entry["event"] == "activate"
        for name in ("org", "role", "public", "fingerprint", "sign_public", "endorsement"):
            assert entry[name] == key[name]
        assert key["fingerprint"] == fingerprint(unb64(key["public"]))
    keys: list[dict[str, Any]] = directory["keys"]
    return keys


def section(client: FlaskClient, title: str) -> str:
    """What the page for people says about one org."""
    found = re.search(rf"<h2>{title}</h2>.*?</section>", fresh(client, "/keys").text, re.DOTALL)
    assert found is not None
    return found[0]


# What is signed


def test_the_directory_is_signed_as_the_text_it_carries(client: FlaskClient) -> None:
    directory = fresh(client, "/keys.json")
    signed, signature = directory.pop("signed"), directory.pop("signature")
    verify(directory["home"]["identity"], "keys-json", signed.encode(), signature)
    assert json.loads(signed) == directory
    assert directory.keys() == {"instance", "home", "keys", "head"}
    assert directory["home"]["fingerprint"] == fingerprint(unb64(directory["home"]["identity"]))
    with pytest.raises(BadSignatureError):
        verify(directory["home"]["identity"], "keylog-head", signed.encode(), signature)


@ON_BOTH
def test_every_listed_key_is_endorsed_and_stands_in_the_log_where_it_says(client: FlaskClient, world: World) -> None:
    keys = check_endorsed(client)
    assert {(key["org"], key["public"]) for key in keys} == {
        (org, Holder(org, secret).registration()["public"]) for org, secret in world.secrets.items()
    }


@ON_BOTH
def test_after_a_rotation_the_new_key_is_listed_at_its_own_place(client: FlaskClient, world: World) -> None:
    before = {key["org"]: key["log_index"] for key in check_endorsed(client)}
    secret = world.rotate("org-one")
    after = {key["org"]: key for key in check_endorsed(client)}
    assert after["org-one"]["public"] == Holder("org-one", secret).registration()["public"]
    assert after["org-one"]["log_index"] > before["org-one"]
    assert after["org-two"]["log_index"] == before["org-two"]


def test_the_head_is_signed_now_and_speaks_of_the_log_that_is_shown(
    client: FlaskClient, world: World, clock: FakeClock
) -> None:
    world.rotate("org-one")
    directory, log = fresh(client, "/keys.json"), fresh(client, "/keys/log.json")
    assert directory["head"] == log["head"]
    head, last = log["head"], hashes(log["entries"])[-1]
    assert (head["size"], unb64(head["hash"])) == (len(log["entries"]), last)
    assert head["time"] == int(clock.moment.timestamp())
    said = be(head["size"], 8) + last + be(head["time"], 8)
    verify(directory["home"]["identity"], "keylog-head", said, head["signature"])
    number = int.from_bytes(hashlib.sha512(label("keylog-code") + said[:40]).digest()[:8], "big") >> 4
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(55, -1, -5))
    assert head["code"] == f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
    assert head["code"] in fresh(client, "/keys").text


@ON_BOTH
def test_each_entry_of_the_log_names_its_place_and_the_one_before(client: FlaskClient, world: World) -> None:
    world.rotate("org-two")
    entries = fresh(client, "/keys/log.json")["entries"]
    chain = hashes(entries)
    contents = [json.loads(entry) for entry in entries]
    assert [(entry["index"], unb64(entry["prev"])) for entry in contents] == list(enumerate(chain[:-1]))
    assert [entry["event"] for entry in contents] == ["home", "activate", "activate", "retire", "activate"]
    kept = world.query("SELECT hash FROM key_log ORDER BY position")
    assert [bytes(row.hash) for row in kept] == chain[1:]


def test_the_signed_rotation_stands_in_the_log_and_anybody_can_check_it(client: FlaskClient, world: World) -> None:
    old = Holder("org-one", world.secrets["org-one"])
    new = Holder("org-one", world.rotate("org-one"))
    entry = json.loads(fresh(client, "/keys/log.json")["entries"][-1])
    assert (entry["continuity"], entry["replaces"]) == ("signed", old.registration()["public"])
    time, signature = entry["rotation"].split(".")
    said = sized("org-one") + old.public + new.public + unb64(entry["sign_public"]) + be(int(time), 8)
    VerifyKey(bytes(old.sign.verify_key)).verify(label("org-rotate") + said, unb64(signature))


def test_the_page_for_people_shows_every_fingerprint(client: FlaskClient) -> None:
    directory, page = fresh(client, "/keys.json"), fresh(client, "/keys").text
    for shown in (directory["home"], *directory["keys"]):
        assert shown["fingerprint"] in page
    assert directory["home"]["identity"] in page


# Who sees it


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_a_cookie_and_everybody_the_same_answer(client: FlaskClient, world: World, path: str) -> None:
    staff = world.signed_in("admin@org-one.example.org")
    page_cache.forget(world.app)
    answers = [client.get(path), staff.get(path)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"].startswith("public, max-age=30,")


# What is not listed


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE public_keys SET endorsement = NULL WHERE id = 2",
        "UPDATE public_keys SET public = :stranger, fingerprint = :fingerprint WHERE id = 2",
        "UPDATE public_keys SET log_index = 2 WHERE id = 2",
        "UPDATE public_keys SET role = 'recovery' WHERE id = 2",
        "UPDATE public_keys SET org_id = :other, status = 'active' WHERE id = 2",
        "UPDATE public_keys SET status = 'revoked' WHERE id = 2",
    ],
)
def test_a_key_that_nothing_vouches_for_is_not_listed(client: FlaskClient, world: World, change: str) -> None:
    own = Holder("org-one", world.secrets["org-one"]).fingerprint
    assert own in fresh(client, "/keys").text
    stranger = Holder("org-one")
    values = {"stranger": stranger.public, "fingerprint": stranger.fingerprint, "other": 1}
    world.execute(change, **{name: value for name, value in values.items() if f":{name}" in change})
    assert [key["org"] for key in check_endorsed(client)] == ["org-two"]
    page = fresh(client, "/keys").text
    assert own not in page
    assert stranger.fingerprint not in page


@ON_BOTH
@pytest.mark.parametrize("end", ["retired", "revoked"])
def test_an_ended_key_that_was_brought_back_in_the_database_is_not_listed(
    client: FlaskClient, world: World, end: str
) -> None:
    owner, own = Owner(world.signed_in("admin@org-one.example.org"), "org-one"), Holder("org-one")
    own.secret = world.secrets["org-one"]
    if end == "revoked":
        assert owner.post("/2/revoke", {"really": "yes"}).json == {"state": "revoked"}
    else:
        world.rotate("org-one")
        world.run("sweep")
        world.execute("DELETE FROM public_keys WHERE id > 3 AND kind = 'recipient'")
    world.execute("UPDATE public_keys SET status = 'active', ended_at = NULL WHERE id = 2")
    assert own.fingerprint not in fresh(client, "/keys").text
    assert [key["org"] for key in check_endorsed(client)] == ["org-two"]


@ON_BOTH
def test_an_expired_key_is_listed_while_it_is_sealed_to_and_no_longer(
    client: FlaskClient, world: World, clock: FakeClock
) -> None:
    assert "has expired" not in fresh(client, "/keys").text
    clock.forward(days=2 * 365 + 2 + 28)
    assert [key["org"] for key in check_endorsed(client)] == ["org-one", "org-two"]
    assert fresh(client, "/keys").text.count("This key has expired.") == 2
    clock.forward(days=3)
    assert check_endorsed(client) == []


@ON_SQLITE
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_signed_about_a_log_that_was_changed(client: FlaskClient, world: World, path: str) -> None:
    world.run("sweep")
    there, back = ("'org-two', 'org-2wo'", "'org-2wo', 'org-two'")
    change = "UPDATE key_log SET entry = replace(entry, {})"
    world.execute(change.format(there))
    answer = fresh(client, path)
    assert answer.status_code == 503
    assert "The list of keys cannot be shown" in answer.text
    world.execute(change.format(back))
    assert client.get(path).status_code == 200


# A key that came without the old one's word


@pytest.fixture
def broken(client: FlaskClient, world: World, clock: FakeClock) -> Holder:
    """org-one has a new key that its old one did not sign for, approved and waited for."""
    world.run("sweep")
    holder = Holder("org-one")
    clock.forward(minutes=1)
    Owner(world.signed_in("admin@org-one.example.org"), "org-one").bring(holder)
    world.execute("UPDATE key_changes SET approved_at = opened_at, approved_by = 3")
    clock.forward(hours=73)
    world.run("sweep")
    return holder


@ON_BOTH
def test_a_key_that_came_without_the_old_ones_signature_is_shown_as_such_for_90_days(
    client: FlaskClient, clock: FakeClock, broken: Holder
) -> None:
    shown = section(client, "Org One")
    assert broken.fingerprint in shown
    day = f"{clock.moment.day} {clock.moment:%B} {clock.moment.year}"
    said = f"{WITHOUT_SIGNATURE}{day}; compare its fingerprint with the organisation."
    assert said in shown
    assert WITHOUT_SIGNATURE not in section(client, "Org Two")
    clock.moment += timedelta(days=89, hours=23)
    assert said in section(client, "Org One")
    clock.moment += timedelta(hours=2)
    assert broken.fingerprint in section(client, "Org One")
    assert WITHOUT_SIGNATURE not in fresh(client, "/keys").text


def test_it_stays_in_the_log_for_ever(client: FlaskClient, broken: Holder) -> None:
    (key, _) = check_endorsed(client)
    entry = json.loads(fresh(client, "/keys/log.json")["entries"][key["log_index"]])
    assert (entry["continuity"], entry["rotation"], entry["fingerprint"]) == ("broken", "", broken.fingerprint)


def test_a_first_and_a_signed_key_are_shown_without_a_note(client: FlaskClient, world: World) -> None:
    world.rotate("org-one")
    assert "<h2>Org One</h2>" in fresh(client, "/keys").text
    assert WITHOUT_SIGNATURE not in fresh(client, "/keys").text
