"""The hook for bounces: each provider by its proof; without it nothing changes, and nobody learns a thing."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.bounces import envelope, sns
from proca_web.config import Settings
from proca_web.config.bounces import BounceSettings
from tests.adapters.bounces import given
from tests.adapters.bounces.given import SECRET
from tests.adapters.bounces.signing import Signer
from tests.databases import ON_SQLITE
from tests.factories import CANARY, World

TOPIC = "arn:aws:sns:us-east-1:123456789012:SES_Events"
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)
Post = Callable[[str], Any]


@pytest.fixture(scope="session")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Whoever signs in Amazon's name."""
    return Signer(tmp_path_factory.mktemp("amazon"))


@pytest.fixture
def app(app: Flask) -> Flask:
    """An app that every provider reports to."""
    proofs = {"ses": TOPIC, **dict.fromkeys(("postmark", "brevo", "mailgun", "standard"), SECRET)}
    return heard(app, proofs)


def heard(app: Flask, proofs: dict[str, str]) -> Flask:
    settings: Settings = app.extensions["proca_settings"]
    bounces = BounceSettings("bounces+{}@example.org", proofs)
    app.extensions["proca_settings"] = replace(settings, bounces=bounces)
    return app


@pytest.fixture
def report(world: World, client: FlaskClient, amazon: Signer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Posts a provider's report on the mail with a code, rightly proven."""
    monkeypatch.setattr(sns, "fetch", lambda _host, _path: amazon.certificate)

    def post(provider: str, code: str | None = None, status: str = "5.1.1") -> Any:
        code = code or envelope.code_of(world.app, ref(world))
        body, headers = reported(amazon, provider, code, status)
        return client.post(f"/api/v1/bounces/{provider}", data=body, headers=headers, content_type="text/plain")

    return post


def reported(amazon: Signer, provider: str, code: str, status: str) -> tuple[bytes, dict[str, str]]:
    """What that provider sends: body and headers."""
    sender, said, headers = f"bounces+{code}@example.org", f"smtp;550 {status} User unknown", given.basic()
    if provider == "postmark":
        return json.dumps(given.postmark(code, Details=said)).encode(), headers
    if provider == "brevo":
        return json.dumps(given.brevo(code, reason=said)).encode(), headers
    if provider == "mailgun":
        changes = {"delivery-status": {"code": 550, "enhanced-code": status}}
        return json.dumps(given.mailgun(sender, at=clock.now(), **changes)).encode(), {}
    if provider == "ses":
        recipients = [{"emailAddress": CANARY["email"], "status": status, "action": "failed"}]
        return json.dumps(amazon.notification(given.ses(sender, bouncedRecipients=recipients), TOPIC)).encode(), {}
    body = given.standard(status=status, envelope=sender)
    signed = given.signed_as_standard(body, clock.now())
    return body, {name.replace("_", "-"): value for name, value in signed.items()}


def ref(world: World) -> bytes:
    ((found,),) = world.query("SELECT ref FROM actions")
    return bytes(found)


def everything(world: World) -> list[Any]:
    """What a report could change."""
    tables = ("actions", "contacts", "transients", "supporters", "counts")
    return [sorted(map(str, world.query(f"SELECT * FROM {table}"))) for table in tables]


def mailed(world: World, client: FlaskClient) -> None:
    assert world.sign(client, **CANARY).status_code == 303
    world.run("mail")


PROVIDERS = ["ses", "postmark", "brevo", "mailgun", "standard"]


@ON_SQLITE
@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unconfirmed_signature_goes_when_its_mail_comes_back(
    world: World, client: FlaskClient, report: Post, provider: str
) -> None:
    mailed(world, client)
    code = envelope.code_of(world.app, ref(world))
    assert report(provider).status_code == 200
    assert [world.query(f"SELECT count(*) FROM {table}") for table in ("actions", "contacts", "transients")] == [
        [(0,)]
    ] * 3
    assert world.ends() == {"bounced": 1}
    after = everything(world)
    assert report(provider, code).status_code == 200  # again, as providers do
    assert everything(world) == after


@ON_SQLITE
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_confirmed_signature_is_marked_and_exported_again(
    world: World, client: FlaskClient, report: Post, provider: str
) -> None:
    mailed(world, client)
    client.post(world.link())
    world.run("release", "mail", "release")
    assert report(provider).status_code == 200
    world.run("release")
    assert [row["email_status"] for row in world.export("org-one")] == ["bounce"]
    after = everything(world)
    assert report(provider).status_code == 200
    assert everything(world) == after


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "4.2.1"])
def test_what_may_pass_leaves_the_signature_as_it_is(
    world: World, client: FlaskClient, report: Any, provider: str, status: str
) -> None:
    mailed(world, client)
    before = everything(world)
    assert report(provider, status=status).status_code == 200
    assert everything(world) == before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_unknown_code_is_answered_as_a_known_one(
    world: World, client: FlaskClient, report: Any, provider: str
) -> None:
    mailed(world, client)
    before, known = everything(world), envelope.code_of(world.app, ref(world))
    forged = known[:-1] + ("0" if known[-1] != "0" else "1")
    another = envelope.code_of(world.app, b"nobody's ref 16!")
    answers = [report(provider, code) for code in (forged, another, "no-code", "A" * 42)]
    assert everything(world) == before
    answers.append(report(provider, known))
    assert {(answer.status_code, answer.data) for answer in answers} == {(200, b"")}
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_the_proof_nothing_happens_and_nothing_is_said(
    world: World,
    client: FlaskClient,
    amazon: Signer,
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mailed(world, client)
    monkeypatch.setattr(sns, "fetch", lambda _host, _path: amazon.certificate)
    before, code = everything(world), envelope.code_of(world.app, ref(world))
    other = tmp_path / "other"
    other.mkdir()
    body, _ = reported(Signer(other), provider, code, "5.1.1")
    body = body.replace(b'"signature": "', b'"signature": "0')
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"webhook-signature": "v1,eDp5"}, {"Cookie": "session=x"}):
        answer = client.post(f"/api/v1/bounces/{provider}", data=body, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"")
    assert everything(world) == before
    assert provider in caplog.text
    assert "was not believed" in caplog.text


def test_the_secret_of_one_provider_is_not_anothers(app: Flask, world: World, client: FlaskClient, report: Any) -> None:
    mailed(world, client)
    heard(app, {"postmark": SECRET, "brevo": "another-secret-of-brevo"})
    assert report("brevo").status_code == report("mailgun").status_code == 200
    assert world.query("SELECT count(*) FROM actions") == [(1,)]


@pytest.mark.parametrize("provider", [*PROVIDERS, "sendgrid", "x" * 500])
def test_a_provider_that_is_not_set_up_answers_as_any_other(
    app: Flask, client: FlaskClient, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard(app, {})
    answer = client.post(f"/api/v1/bounces/{provider}", data=b"{}", headers=given.basic())
    assert (answer.status_code, answer.data) == (200, b"")
    assert "xxxxx" not in caplog.text


def test_a_body_that_is_too_long_is_not_read(client: FlaskClient) -> None:
    for provider in PROVIDERS:
        answer = client.post(f"/api/v1/bounces/{provider}", data=b"x" * (64 * 1024 + 1), content_type="text/plain")
        assert answer.status_code == 413


def test_a_form_is_no_report(client: FlaskClient) -> None:
    for provider in PROVIDERS:
        answer = client.post(f"/api/v1/bounces/{provider}", data={"signature": "x"}, headers=given.basic())
        assert answer.status_code == (400 if provider in ("postmark", "brevo") else 200)


def test_what_is_no_json_is_told_to_who_has_the_password(client: FlaskClient) -> None:
    answer = client.post("/api/v1/bounces/brevo", data=b"no json", headers=given.basic())
    assert (answer.status_code, answer.data) == (400, b"")


def test_a_certificate_that_cannot_be_had_now_is_asked_for_again(
    client: FlaskClient, amazon: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_host: str, _path: str) -> bytes:
        raise sns.CannotTell

    monkeypatch.setattr(sns, "fetch", away)
    body = json.dumps(amazon.notification(given.ses(), TOPIC))
    answer = client.post("/api/v1/bounces/ses", data=body)
    assert (answer.status_code, answer.data, answer.headers["Retry-After"]) == (503, b"", "10")


def test_another_site_has_no_say_in_it(world: World, client: FlaskClient) -> None:
    """No cookie, no form: the proof decides, whatever a browser says of where it was."""
    mailed(world, client)
    body = json.dumps(given.postmark(envelope.code_of(world.app, ref(world))))
    answer = client.post(
        "/api/v1/bounces/postmark",
        data=body,
        headers=given.basic() | {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_of_a_report_is_kept_or_logged(
    world: World, client: FlaskClient, report: Any, provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    mailed(world, client)
    client.post(world.link())
    world.run("release", "mail", "release")
    with caplog.at_level(logging.DEBUG):
        assert report(provider).status_code == 200
        assert report(provider, "A" * 42).status_code == 200
        assert client.post(f"/api/v1/bounces/{provider}", data=b'{"x": "jane@example.com"}').status_code == 200
    said = f"{caplog.text}{everything(world)}"
    for word in ("jane", "alice", "john", "canary", "User unknown", "bounces+", SECRET):
        assert word not in said, word


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_reports_are_posted(client: FlaskClient, method: str) -> None:
    assert client.open("/api/v1/bounces/postmark", method=method).status_code == 405
