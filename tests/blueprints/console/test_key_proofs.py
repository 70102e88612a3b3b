"""Attacks on the proof of possession and on what keeps secrets out, over plain HTTP: each fails in the same words."""

import base64
import io
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from nacl.public import Box, PrivateKey, PublicKey
from sqlalchemy import select

from proca_web.adapters.database import writing
from proca_web.adapters.encryption import home_of
from proca_web.crypto.keys import keyfile
from proca_web.models import Org, User
from proca_web.org_tool.cli import main
from proca_web.services.keys import proving
from tests.databases import ON_BOTH
from tests.factories import CANARY, FakeClock, World
from tests.key_desk import second_owner
from tests.key_holder import JSON, Holder, Owner, b64, fingerprint, unb64

WRONG = "this answer does not fit; please take a new challenge and answer that one"
UNUSABLE = "this public key cannot be used"
SECRET_ANSWER = "treat that key as disclosed"
PASSPHRASE = "a passphrase of tests"
FIELD_PRIME = 2**255 - 19


@pytest.fixture
def new() -> Holder:
    """Who holds a key that org-one is about to enter."""
    return Holder("org-one")


def sign_in_elsewhere(world: World, email: str = "admin@org-one.example.org") -> Owner:
    """The same user in another browser."""
    return Owner(World(world.app, world.secrets).signed_in(email), "org-one")


def same_browser(world: World, owner: Owner) -> Owner:
    """Another connection with the same session cookie, so that two requests can be under way at once."""
    client, name = world.app.test_client(), world.app.config["SESSION_COOKIE_NAME"]
    cookie = owner.client.get_cookie(name)
    assert cookie is not None
    client.set_cookie(name, cookie.value)
    return Owner(client, owner.org)


def proven(world: World, number: int) -> bool:
    """Whether the database holds that this key was proven."""
    return bool(world.query("SELECT proven_at FROM public_keys WHERE id = :id", id=number)[0][0])


def posed(owner: Owner, number: int, holder: Holder) -> dict[str, str]:
    """The right answer to a challenge that was just asked for."""
    challenge = owner.post(f"/{number}/challenge")
    assert challenge.status_code == 200, challenge.text
    return holder.answer(challenge.json, owner.identity)


def assert_refused(answer: Any) -> None:
    assert (answer.status_code, answer.json["error"]) == (422, WRONG)


@ON_BOTH
def test_a_key_stays_unproven_until_its_challenge_is_answered(world: World, owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    refused = owner.post(f"/{number}/activate")
    assert refused.status_code == 409
    assert "not proven" in refused.json["error"]
    assert not proven(world, number)
    assert owner.post(f"/{number}/answer", right).json == {"state": "pending", "proven": True}
    assert proven(world, number)


@ON_BOTH
def test_an_answer_counts_once(world: World, owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    assert owner.post(f"/{number}/answer", right).status_code == 200
    assert_refused(owner.post(f"/{number}/answer", right))
    assert owner.post(f"/{number}/activate").json == {"state": "active"}
    assert_refused(owner.post(f"/{number}/answer", right))  # nor does it pass for a drill later
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'key-prove'") == [(1,)]


def test_an_answer_is_good_for_no_other_session_user_or_org(world: World, owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    for thief in (sign_in_elsewhere(world), second_owner(world)):
        for _ in range(6):  # nor can a stranger use the tries up
            assert_refused(thief.post(f"/{number}/answer", right))
    stranger = Owner(world.signed_in("admin@org-two.example.org"), "org-two")
    assert stranger.post(f"/{number}/answer", right).status_code == 404
    stranger.org = "org-one"
    assert stranger.post(f"/{number}/answer", right).status_code == 404
    assert world.app.test_client().post(f"/console/org-one/keys/{number}/answer", json=right).status_code == 303
    assert not proven(world, number)
    assert owner.post(f"/{number}/answer", right).status_code == 200


def test_who_asked_and_the_sign_in_bind_an_answer_each_alone(world: World, owner: Owner, new: Holder) -> None:
    number, now = owner.register(new, "recovery"), datetime.now(UTC)
    with world.app.app_context(), writing() as session:
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        user, other = session.scalars(select(User.id).order_by(User.id).limit(2))
        asked = proving.pose(session, home_of(world.app), org, number, user_id=user, mark="here", now=now)
        right = new.answer(asked.as_json(), owner.identity)

        def taken(who: int, mark: str) -> bool:
            given = right["challenge"], right["answer"]
            return proving.take(session, org, number, *given, user_id=who, mark=mark, now=now) is not None

        assert [taken(other, "here"), taken(user, "there"), taken(user, "here")] == [False, False, True]


def test_an_answer_is_good_for_no_other_key(world: World, owner: Owner, new: Holder) -> None:
    number, other = owner.register(new, "recovery"), owner.register(Holder("org-one"), "recovery")
    right = posed(owner, number, new)
    assert_refused(owner.post(f"/{other}/answer", right))
    assert not proven(world, other)


def test_a_challenge_cannot_be_answered_without_the_secret_it_was_sealed_for(
    world: World, owner: Owner, new: Holder
) -> None:
    number = owner.register(new, "recovery")
    first, second_ = (owner.post(f"/{number}/challenge").json for _ in range(2))
    assert_refused(owner.post(f"/{number}/answer", new.answer(first, owner.identity) | {"challenge": second_["id"]}))
    for part in ("id", "public", "ephemeral", "nonce"):
        assert_refused(owner.post(f"/{number}/answer", {"challenge": first["id"], "answer": first[part]}))
    assert not proven(world, number)


@ON_BOTH
@pytest.mark.parametrize("wrong_ones", [4, 5])
def test_five_wrong_answers_use_a_challenge_up(world: World, owner: Owner, new: Holder, wrong_ones: int) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    for try_ in range(wrong_ones):
        assert_refused(owner.post(f"/{number}/answer", right | {"answer": b64(bytes([try_]) * 32)}))
    assert (owner.post(f"/{number}/answer", right).status_code == 200) is (wrong_ones < 5)
    assert proven(world, number) is (wrong_ones < 5)


@ON_BOTH
@pytest.mark.parametrize(("later", "taken"), [({"minutes": 9, "seconds": 55}, True), ({"minutes": 10}, False)])
def test_an_answer_is_taken_for_ten_minutes(
    world: World, owner: Owner, new: Holder, clock: FakeClock, later: dict[str, float], taken: bool
) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    clock.forward(**later)
    answer = owner.post(f"/{number}/answer", right)
    assert (answer.status_code == 200) is taken
    assert proven(world, number) is taken
    clock.forward(minutes=1)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM key_challenges") == [(0,)]


@ON_BOTH
def test_of_the_same_right_answer_sent_four_times_at_once_one_counts(world: World, owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    lines = [same_browser(world, owner) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda line: line.post(f"/{number}/answer", right), lines))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'key-prove'") == [(1,)]


@ON_BOTH
def test_a_second_challenge_does_not_end_the_first(owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    first, _ = posed(owner, number, new), posed(owner, number, new)
    assert owner.post(f"/{number}/answer", first).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": ""},
        {"answer": b64(bytes(31))},
        {"answer": b64(bytes(33))},
        {"answer": 7},
        {"answer": None},
        {"answer": {"x": 1}},
        {"challenge": ""},
        {"challenge": b64(bytes(16))},
        {"challenge": b64(bytes(17))},
        {"challenge": "é" * 22},
        {"challenge": "x", "proof": "[]"},
        {"challenge": "x", "proof": "[" * 30_000},
    ],
)
def test_whatever_else_is_sent_as_an_answer_gets_the_same_words(
    owner: Owner, new: Holder, changes: dict[str, Any]
) -> None:
    number = owner.register(new, "recovery")
    right = posed(owner, number, new)
    answer = owner.post(f"/{number}/answer", right | changes)
    if changes.get("proof", "").startswith("[["):
        assert answer.status_code == 400  # nested deeper than anything harmless is
    else:
        assert_refused(answer)
    assert owner.post(f"/{number}/answer", right).status_code == 200


def test_a_challenge_has_the_one_length_that_holders_open(owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    challenges = [owner.post(f"/{number}/challenge").json for _ in range(2)]
    for challenge in challenges:
        assert len(unb64(challenge["box"])) == 185
        assert unb64(challenge["public"]) == new.public
    for part in ("id", "ephemeral", "nonce", "box"):
        assert challenges[0][part] != challenges[1][part]


def test_what_is_stored_of_a_challenge_does_not_answer_it(world: World, owner: Owner, new: Holder) -> None:
    number = owner.register(new, "recovery")
    challenge = owner.post(f"/{number}/challenge").json
    right = new.answer(challenge, owner.identity)
    (row,) = world.query("SELECT * FROM key_challenges")
    stored = b"\n".join(bytes(part) if isinstance(part, bytes | memoryview) else str(part).encode() for part in row)
    assert unb64(right["answer"]) not in stored
    assert right["answer"].encode() not in stored
    assert unb64(challenge["box"])[-32:] not in stored
    for part in row:
        if isinstance(part, bytes | memoryview) and len(bytes(part)) == 32:
            assert_refused(owner.post(f"/{number}/answer", right | {"answer": b64(bytes(part))}))
    assert owner.post(f"/{number}/answer", right).status_code == 200


def prove(file: Path, challenge: dict[str, Any], passphrase: str | None) -> Result:
    """The org's own tool, given a challenge on standard input."""
    env = {"PROCA_ORG_PASSPHRASE": passphrase}
    return CliRunner().invoke(main, ["prove", str(file), "-"], input=json.dumps(challenge), env=env)


def test_a_stored_row_handed_to_a_holder_as_a_challenge_is_not_opened(
    world: World, client: FlaskClient, owner: Owner, tmp_path: Path
) -> None:
    assert world.sign(client, "trees-partner", lead_opt_in="yes", **CANARY).status_code == 303
    secret = world.secrets["org-one"]
    payload, nonce, sender = world.query(
        "SELECT c.payload, c.crypto_nonce, s.public FROM contacts c JOIN public_keys s ON s.id = c.sign_key_id "
        "JOIN public_keys k ON k.id = c.public_key_id WHERE k.public = :public",
        public=bytes(secret.public_key),
    )[0]
    assert len(bytes(payload)) == 1040
    opened = Box(secret, PublicKey(bytes(sender))).decrypt(bytes(payload), bytes(nonce))
    assert CANARY["last_name"] in opened.decode()  # it would yield a person if it were opened

    real = owner.post("/2/challenge").json
    assert unb64(real["public"]) == bytes(secret.public_key)
    forged = real | {"ephemeral": b64(bytes(sender)), "nonce": b64(bytes(nonce)), "box": b64(bytes(payload))}
    key = keyfile.OrgKey("org-one", bytes(secret.public_key), bytes(secret), home_identity=b64(owner.identity))
    file = tmp_path / "org-one.orgkey.json"
    file.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    for box, passphrase in ((forged["box"], None), (forged["box"], PASSPHRASE), (forged["box"][:247], PASSPHRASE)):
        result = prove(file, forged | {"box": box}, passphrase)  # whole: refused before a passphrase is even asked for
        assert (result.exit_code, result.stdout) == (1, "")
        assert "nothing was opened" in result.stderr
        assert not [value for value in CANARY.values() if len(value) > 4 and value in result.output]
    good = prove(file, real, PASSPHRASE)
    assert owner.post("/2/answer", {"proof": good.stdout}).json == {"state": "active", "drilled": True}

    for content in (forged, {"proof": json.dumps(forged)}, {"challenge": forged["id"], "answer": forged["box"]}):
        assert_refused(owner.post("/2/answer", content))


@ON_BOTH
def test_numbers_above_the_field_and_keys_that_ended_cannot_be_used(world: World, owner: Owner, new: Holder) -> None:
    old = bytes(world.secrets["org-two"].public_key)
    world.rotate("org-two")
    above = [(FIELD_PRIME + more).to_bytes(32, "little") for more in range(2, 19)]
    high = [bytes([*public[:31], public[31] | 0x80]) for public in (above[0], new.public)]
    owned = PrivateKey.generate()
    elsewhere = Owner(world.signed_in("admin@org-two.example.org"), "org-two")
    elsewhere.prove(elsewhere.register(Holder("org-two", owned), "recovery"), Holder("org-two", owned))
    said = set()
    for public in (old, bytes(owned.public_key), *above, *high):
        answer = owner.post(content=new.registration(public=b64(public), fingerprint=fingerprint(public)))
        assert answer.status_code == 422, public.hex()
        said.add(answer.json["error"])
    assert len(said) == 1
    assert said.pop().startswith(UNUSABLE)
    assert world.query("SELECT count(*) FROM public_keys WHERE status = 'pending'") == [(1,)]


def upload(text: str) -> tuple[io.BytesIO, str]:
    """A harmless file by that name."""
    return io.BytesIO(b"x"), text


MARKED = "Zyzzyva"
SECRETS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "deep in lists": lambda good: {"json": good | {"a": [[{"b": [{"Secret-Key": MARKED}]}]]}},
    "as the only thing": lambda good: {"json": [{"mnemonic": MARKED}]},
    "in JSON in JSON": lambda good: {"json": good | {"a": json.dumps({"b": json.dumps({"seed": MARKED})})}},
    "in JSON of another type": lambda good: {"data": json.dumps({"sk": MARKED}), "content_type": "text/plain"},
    "in UTF-16": lambda good: {"data": json.dumps(good | {"seed": MARKED}).encode("utf-16")},
    "after a byte order mark": lambda good: {"data": json.dumps(good | {"seed": MARKED}).encode("utf-8-sig")},
    "as a form field": lambda good: {"data": good | {"Private Key": MARKED}},
    "as a part's name": lambda good: {"data": good | {"x": upload("a.txt"), "passphrase": MARKED}},
    "as a file's part name": lambda good: {"data": good | {"private_key": upload("a.txt")}},
    "as a file's name": lambda good: {"data": good | {"upload": upload("keystore")}},
    "in a file": lambda good: {"data": good | {"x": (io.BytesIO(json.dumps({"orgkey": MARKED}).encode()), "a")}},
    "in a file with a byte order mark": lambda good: {
        "data": good | {"x": (io.BytesIO(json.dumps({"orgkey": MARKED}).encode("utf-8-sig")), "a.json")}
    },
    "in the query": lambda good: {"json": good, "query_string": {"a": "1", "SEED": MARKED}},
    "in JSON in the query": lambda good: {"json": good, "query_string": {"a": json.dumps({"seal": MARKED})}},
}


@pytest.mark.parametrize("how", SECRETS)
def test_a_secret_is_refused_wherever_it_stands_and_leaves_no_trace(
    world: World, owner: Owner, new: Holder, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    def stored() -> list[Any]:
        tables = ("public_keys", "audit_entries", "key_challenges", "key_log", "outbox")
        return [world.query(f"SELECT count(*) FROM {table}") for table in tables]

    before = stored()
    caplog.set_level(logging.DEBUG)
    for path in ("", "/2/challenge", "/2/answer", "/2/activate", "/2/approve", "/2/cancel", "/2/discard", "/2/revoke"):
        sent = SECRETS[how](new.registration() | {"really": "yes"})
        if isinstance(sent.get("data"), bytes):
            sent["content_type"] = "application/json"
        answer = owner.client.post(f"/console/org-one/keys{path}", headers={**JSON, "X-CSRFToken": owner.token}, **sent)
        assert answer.status_code == 400, (path, answer.text)
        assert SECRET_ANSWER in answer.json["error"]
        assert MARKED not in answer.text
    assert stored() == before
    assert MARKED not in caplog.text


def test_the_secret_of_an_own_key_is_known_in_every_spelling_and_on_every_page(world: World, owner: Owner) -> None:
    secret = bytes(world.secrets["org-one"])
    standard = base64.b64encode(secret).decode()
    for text in (b64(secret), standard, standard.rstrip("="), secret.hex(), secret.hex().upper(), f"x {b64(secret)}."):
        for page in ("", "/new", "/2"):
            answer = owner.client.get(f"/console/org-one/keys{page}", query_string={"note": text}, headers=JSON)
            assert answer.status_code == 400, (page, text)
    harmless = {"note": b64(bytes(PrivateKey.generate()))}
    assert owner.client.get("/console/org-one/keys", query_string=harmless).status_code == 200
