"""An org's owner at the console: a key is entered, proven, activated, replaced, revoked; and all that is refused."""

import base64
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from nacl.public import PrivateKey

from tests import factories
from tests.databases import ON_BOTH
from tests.factories import World
from tests.key_desk import keys, sealed_to, second_owner
from tests.key_holder import JSON, Holder, Owner, b64, fingerprint, unb64

SECRET_ANSWER = "treat that key as disclosed"


@ON_BOTH
def test_a_rotation_that_the_old_key_signed_takes_effect_at_once(
    world: World, client: FlaskClient, owner: Owner, holder: Holder
) -> None:
    new = Holder("org-one")
    done = owner.bring(new, rotation=holder.successor(new, int(datetime.now(UTC).timestamp())))
    assert done["state"] == "active"
    assert keys(world) == [("recipient", "retired"), ("recipient", "active")]
    assert sealed_to(world, client, new.secret)
    assert not sealed_to(world, client, holder.secret)
    published = world.app.test_client().get("/keys.json").json["keys"]
    assert [key["fingerprint"] for key in published if key["org"] == "org-one"] == [new.fingerprint]


@ON_BOTH
def test_a_first_recovery_key_is_active_at_once_and_gets_copies_of_its_own(
    world: World, client: FlaskClient, owner: Owner
) -> None:
    recovery = Holder("org-one")
    assert owner.bring(recovery, "recovery")["state"] == "active"
    assert world.sign(client).status_code == 303
    assert sorted(role for (role,) in world.query("SELECT role FROM contacts")) == ["recipient", "recovery"]


@ON_BOTH
def test_without_the_old_keys_signature_two_owners_and_72_hours_are_needed(
    world: World, client: FlaskClient, owner: Owner, holder: Holder, clock: factories.FakeClock
) -> None:
    other, new = second_owner(world), Holder("org-one")
    clock.forward(minutes=1)
    done = owner.bring(new)
    assert done["state"] == "waiting"
    assert done["due_at"] == (clock().replace(microsecond=0) + timedelta(hours=72)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sealed_to(world, client, holder.secret)

    assert owner.post(f"/{done['id']}/approve").status_code == 409
    assert other.post(f"/{done['id']}/approve").json == {"state": "waiting", "due_at": done["due_at"]}
    clock.forward(hours=71)
    world.run("keys", "mail")
    assert keys(world) == [("recipient", "active"), ("recipient", "pending")]
    assert owner.post(f"/{done['id']}/activate").json["state"] == "waiting"
    clock.forward(hours=2)
    world.run("keys", "mail")
    assert keys(world) == [("recipient", "retired"), ("recipient", "active")]
    assert sealed_to(world, client, new.secret)
    told = [mail for mail in world.mails() if "without its signature" in mail["subject"]]
    assert {mail["to"] for mail in told} == {
        "admin@org-one.example.org",
        "second@org-one.example.org",
        "operator@example.org",
    }


@ON_BOTH
def test_a_change_is_not_made_without_a_second_person_however_long_it_waits(
    world: World, owner: Owner, clock: factories.FakeClock
) -> None:
    done = owner.bring(Holder("org-one"))
    clock.forward(days=5)
    world.run("keys", "mail")
    assert keys(world) == [("recipient", "active"), ("recipient", "pending")]
    assert owner.post(f"/{done['id']}/activate").json["state"] == "waiting"
    clock.forward(days=10)
    world.run("keys", "mail")
    assert keys(world) == [("recipient", "active")]


@ON_BOTH
def test_the_operator_may_be_the_second_person(world: World, owner: Owner, clock: factories.FakeClock) -> None:
    done = owner.bring(Holder("org-one"))
    browser = world.signed_in("operator@example.org")
    page = browser.get("/console/home/")
    assert "I have talked to an owner" in page.text
    token = re.search(r'csrf_token" value="([^"]+)"', page.text)[1]
    (change,) = world.query("SELECT id FROM key_changes")[0]
    assert browser.post(f"/console/home/key-changes/{change}/approve", data={"csrf_token": token}).status_code == 303
    assert (
        browser.post(f"/console/home/key-changes/{change + 9}/approve", data={"csrf_token": token}).status_code == 404
    )
    clock.forward(hours=73)
    assert owner.post(f"/{done['id']}/activate").json == {"state": "active"}
    late = browser.post(f"/console/home/key-changes/{change}/approve", data={"csrf_token": token})
    assert late.status_code == 409
    assert "no change waits for this key any more" in late.text


def test_an_owner_who_came_after_the_change_was_asked_for_cannot_approve_it(world: World, owner: Owner) -> None:
    done = owner.bring(Holder("org-one"))
    late = second_owner(world)
    assert late.post(f"/{done['id']}/approve").status_code == 409


@ON_BOTH
def test_any_owner_cancels_a_change_and_its_key_goes(world: World, owner: Owner) -> None:
    other = second_owner(world)
    done = owner.bring(Holder("org-one"))
    assert owner.post(f"/{done['id']}/discard").status_code == 409
    assert other.post(f"/{done['id']}/cancel").json == {"state": "gone"}
    assert keys(world) == [("recipient", "active")]
    assert other.post(f"/{done['id']}/cancel").status_code == 404
    assert owner.bring(Holder("org-one"))["state"] == "waiting"


@ON_BOTH
def test_a_signed_rotation_ends_a_change_that_waits(world: World, owner: Owner, holder: Holder) -> None:
    owner.bring(Holder("org-one"))
    new = Holder("org-one")
    owner.bring(new, rotation=holder.successor(new, int(datetime.now(UTC).timestamp())))
    assert world.query("SELECT status FROM key_changes") == [("cancelled",)]


@ON_BOTH
def test_a_revoked_key_is_sealed_to_no_more_and_the_page_says_so(
    world: World, client: FlaskClient, owner: Owner, holder: Holder
) -> None:
    assert sealed_to(world, client, holder.secret)
    (number,) = world.query("SELECT id FROM public_keys WHERE status = 'active' AND kind = 'recipient' ORDER BY id")[0]
    assert owner.post(f"/{number}/revoke").status_code == 409
    assert owner.post(f"/{number}/revoke", {"really": "yes"}).json == {"state": "revoked"}
    answer = world.sign(client)
    assert answer.status_code == 503
    assert "Signing is paused" in client.get("/p/trees").text
    page = owner.client.get(f"/console/org-one/keys/{number}").text
    assert 'class="button" href="/console/org-one/keys/new?role=recipient"' in page
    assert owner.post(f"/{number}/revoke", {"really": "yes"}).status_code == 409
    assert owner.bring(Holder("org-one"))["state"] == "waiting"  # revoking is no way around the second person


@ON_BOTH
def test_a_revocation_holds_in_a_process_that_sealed_a_moment_ago(
    world: World, client: FlaskClient, owner: Owner
) -> None:
    (number,) = world.query("SELECT id FROM public_keys WHERE status = 'active' AND kind = 'recipient' ORDER BY id")[0]
    with factories.another_process(world) as other:
        assert other.post("/p/trees/sign", data=factories.form()).status_code == 303
        owner.post(f"/{number}/revoke", {"really": "yes"})
        assert other.post("/p/trees/sign", data=factories.form()).status_code == 503


def test_an_active_key_is_drilled_with_the_same_proof(world: World, owner: Owner, holder: Holder) -> None:
    (number,) = world.query("SELECT id FROM public_keys WHERE status = 'active' AND kind = 'recipient' ORDER BY id")[0]
    assert owner.prove(number, holder).json == {"state": "active", "drilled": True}
    assert world.query("SELECT count(*) FROM public_keys WHERE drilled_at IS NOT NULL") == [(1,)]


def test_activation_without_proof_is_refused(world: World, owner: Owner) -> None:
    number = owner.register(Holder("org-one"), "recovery")
    assert owner.post(f"/{number}/activate").status_code == 409
    assert keys(world)[-1] == ("recovery", "pending")


@ON_BOTH
def test_activating_twice_changes_nothing(world: World, owner: Owner) -> None:
    done = owner.bring(Holder("org-one"), "recovery")
    before = world.query("SELECT count(*) FROM key_log")
    assert owner.post(f"/{done['id']}/activate").json == {"state": "active"}
    assert world.query("SELECT count(*) FROM key_log") == before


@ON_BOTH
def test_the_same_key_entered_again_is_the_same_row(owner: Owner) -> None:
    new = Holder("org-one")
    assert owner.register(new) == owner.register(new)


@ON_BOTH
def test_two_owners_who_activate_at_the_same_time_make_one_key_active(
    world: World, owner: Owner, holder: Holder
) -> None:
    other = second_owner(world)
    time = int(datetime.now(UTC).timestamp())
    waiting = []
    for who in (owner, other):
        new = Holder("org-one")
        number = who.register(new, rotation=holder.successor(new, time))
        who.prove(number, new)
        waiting.append((who, number))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].post(f"/{pair[1]}/activate"), waiting))
    states = sorted(answer.json.get("state", "refused") for answer in answers)
    assert states == ["active", "waiting"]  # the second one's signature is by a key that is retired now
    assert keys(world).count(("recipient", "active")) == 1


def test_keys_of_others_and_of_nobody_are_not_found(world: World, owner: Owner) -> None:
    (foreign,) = world.query("SELECT max(id) FROM public_keys WHERE kind = 'recipient'")[0]
    (home,) = world.query("SELECT id FROM public_keys WHERE kind = 'home'")[0]
    content = {"really": "yes", "challenge": b64(bytes(16)), "answer": b64(bytes(32))}
    for number in (foreign, home, 999):
        for act in ("challenge", "answer", "activate", "approve", "cancel", "discard", "revoke"):
            assert owner.post(f"/{number}/{act}", content).status_code == 404
        assert owner.client.get(f"/console/org-one/keys/{number}").status_code == 404


LOW_ORDER = [
    "0" * 64,
    "01" + "0" * 62,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    *("0" * 62 + "80", "01" + "0" * 60 + "80"),
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def refused_keys(world: World) -> dict[str, dict[str, str]]:
    """Registrations that must all get the same words."""
    good = Holder("org-one")
    home = unb64(world.app.test_client().get("/keys.json").json["home"]["box"])
    (sender,) = world.query("SELECT public FROM public_keys WHERE kind = 'sender'")[0]

    def of(public: bytes) -> dict[str, str]:
        return good.registration(public=b64(public), fingerprint=fingerprint(public))

    alias = bytes([good.public[0]]) + good.public[1:31] + bytes([good.public[31] | 0x80])
    found = {f"low order {number}": of(bytes.fromhex(text)) for number, text in enumerate(LOW_ORDER)}
    return found | {
        "the Home Org's": of(home),
        "a sender's": of(bytes(sender)),
        "another org's": of(bytes(world.secrets["org-two"].public_key)),
        "its own active one": of(bytes(world.secrets["org-one"].public_key)),
        "an alias": of(alias),
        "31 bytes": of(good.public[:31]),
        "33 bytes": of(good.public + b"x"),
        "padded": good.registration(public=b64(good.public) + "="),
        "standard base64": good.registration(public=base64.b64encode(b"\xff" * 31 + b"\x01").decode()),
        "nothing": good.registration(public=""),
        "another fingerprint": good.registration(fingerprint=Holder("org-one").fingerprint),
        "no fingerprint": good.registration(fingerprint=""),
        "a sign key that is none": good.registration(sign_public=b64(bytes(32))),
        "no sign key": good.registration(sign_public=""),
    }


def test_what_cannot_be_a_key_is_refused_in_the_same_words(world: World, client: FlaskClient, owner: Owner) -> None:
    assert world.sign(client).status_code == 303
    before = keys(world)
    said = {}
    for name, registration in refused_keys(world).items():
        answer = owner.post(content=registration)
        assert answer.status_code == 422, (name, answer.text)
        said[name] = answer.json["error"]
    assert len(set(said.values())) == 1, said
    assert keys(world) == before


@ON_BOTH
def test_a_key_another_org_has_proven_is_refused_and_one_it_merely_entered_is_not(world: World, owner: Owner) -> None:
    shared = PrivateKey.generate()
    other = Owner(world.signed_in("admin@org-two.example.org"), "org-two")
    number = other.register(Holder("org-two", shared), "recovery")
    mine = owner.register(Holder("org-one", shared), "recovery")
    assert other.prove(number, Holder("org-two", shared)).status_code == 200
    assert owner.prove(mine, Holder("org-one", shared)).status_code == 409
    assert owner.post(content=Holder("org-one", shared).registration("recovery")).status_code == 422


def test_a_rotation_that_does_not_fit_is_refused_and_may_be_left_out(owner: Owner, holder: Holder) -> None:
    new, stranger, time = Holder("org-one"), Holder("org-one"), int(datetime.now(UTC).timestamp())
    for rotation in (
        "nonsense",
        "1.2",
        f"{time}.{b64(bytes(64))}",
        stranger.successor(new, time),
        holder.successor(stranger, time),
        Holder("org-two", holder.secret).successor(new, time),
        holder.successor(new, time - 8 * 24 * 3600),
        holder.successor(new, time + 3600),
    ):
        answer = owner.post(content=new.registration(rotation=rotation))
        assert answer.status_code == 422, rotation
        assert "rotation" in answer.json["error"]
    assert owner.register(new)


def secret_looking(world: World) -> dict[str, dict[str, Any]]:
    """What must never reach the server, in the shapes people send it in."""
    secret = bytes(world.secrets["org-one"])
    new = Holder("org-one")
    good = new.registration()
    file = json.dumps({"format": "proca-web-orgkey", "version": 1, "org": "org-one"})
    names = (
        "private",
        "privateKey",
        "PRIVATE_KEY",
        "secret",
        "secret-key",
        "sk",
        "seed",
        "mnemonic",
        "passphrase",
        "seal",
    )
    return {
        **{f"named {name}": {"json": good | {name: "x"}} for name in names},
        "deep": {"json": good | {"a": [{"b": {"c": [{"keystore": 1}]}}]}},
        "in a text": {"json": good | {"note": '{"orgkey": {"x": 1}}'}},
        "a key file": {"json": good | {"note": file}},
        "a key file as a form field": {"data": good | {"note": file}},
        "a key file as an upload": {"data": good | {"file": (io.BytesIO(file.encode()), "my.orgkey.json")}},
        "its secret, base64url": {"json": good | {"public": b64(secret)}},
        "its secret, base64": {"json": good | {"note": base64.b64encode(secret).decode()}},
        "its secret, hex": {"json": good | {"note": f"here: {secret.hex()}"}},
        "the new secret": {"json": good | {"fingerprint": b64(bytes(new.secret))}},
        "in the query": {"json": good, "query_string": {"seed": "1"}},
        "endless": {"data": '{"a":' * 5000 + "1" + "}" * 5000, "content_type": "application/json"},
        "hidden behind a second of its name": {
            "data": '{"public": {"seed": "x"}, "public": "x"}',
            "content_type": "application/json",
        },
        "in another encoding": {"data": '{"seed": "x"}'.encode("utf-16"), "content_type": "application/json"},
        "as plain text": {"data": f"key {b64(secret)}", "content_type": "text/plain"},
    }


def test_what_looks_like_a_secret_is_refused_unread_and_unlogged(
    world: World, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    before = keys(world), world.query("SELECT count(*) FROM audit_entries")
    for name, sent in secret_looking(world).items():
        for path in ("", "/1/answer", "/1/revoke"):
            headers = {**JSON, "X-CSRFToken": owner.token}
            again = dict(sent)
            if isinstance(again.get("data"), dict) and "file" in again["data"]:
                stream = io.BytesIO(b'{"format": "proca-web-orgkey"}')
                again["data"] = again["data"] | {"file": (stream, "my.orgkey.json")}
            answer = owner.client.post(f"/console/org-one/keys{path}", headers=headers, **again)
            assert answer.status_code == 400, (name, path, answer.text)
            assert SECRET_ANSWER in answer.json["error"]
    assert (keys(world), world.query("SELECT count(*) FROM audit_entries")) == before
    assert not caplog.records


def test_a_form_without_its_token_is_refused(owner: Owner) -> None:
    answer = owner.client.post("/console/org-one/keys", json=Holder("org-one").registration(), headers=JSON)
    assert answer.status_code == 400
    assert SECRET_ANSWER not in answer.text


@ON_BOTH
def test_pending_keys_block_nobody_and_die_after_an_hour(
    world: World, owner: Owner, clock: factories.FakeClock
) -> None:
    for _ in range(10):
        owner.register(Holder("org-one"), "recovery")
    assert owner.post(content=Holder("org-one").registration("recovery")).status_code == 409
    clock.forward(minutes=59)
    world.run("keys", "mail")
    assert keys(world).count(("recovery", "pending")) == 10
    clock.forward(minutes=2)
    world.run("keys", "mail")
    assert keys(world) == [("recipient", "active")]


@ON_BOTH
def test_the_whole_way_works_with_forms_alone(world: World, owner: Owner) -> None:
    new, client = Holder("org-one"), owner.client
    form = {"csrf_token": owner.token}
    entered = client.post("/console/org-one/keys", data=form | new.registration("recovery"))
    assert entered.status_code == 303
    page = entered.headers["Location"]
    assert new.fingerprint in client.get(page).text
    file = client.post(f"{page}/challenge", data=form)
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    wrong = client.post(f"{page}/answer", data=form | {"proof": "not a proof"})
    assert wrong.status_code == 422
    assert "this answer does not fit" in wrong.text
    proof = json.dumps(new.answer(file.json, owner.identity))
    assert client.post(f"{page}/answer", data=form | {"proof": proof}).headers["Location"] == page
    assert client.post(f"{page}/activate", data=form).status_code == 303
    assert keys(world)[-1] == ("recovery", "active")
    assert client.post(f"{page}/discard", data=form).status_code == 409


def test_a_refused_registration_keeps_what_was_typed(owner: Owner) -> None:
    typed = Holder("org-one").registration("recovery", fingerprint="WRONG-ONE")
    answer = owner.client.post("/console/org-one/keys", data={"csrf_token": owner.token} | typed)
    assert answer.status_code == 422
    assert typed["public"] in answer.text
    assert "WRONG-ONE" in answer.text
    assert "cannot be used" in answer.text
