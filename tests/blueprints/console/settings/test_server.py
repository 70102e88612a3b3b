"""The form of an org's own mail server: its password comes back nowhere, and nothing is used that was not tested."""

from dataclasses import replace

import pytest

from proca_web.config.transports import Transport
from proca_web.jobs.mail import own_servers as job
from tests import factories
from tests.factories import World
from tests.key_holder import Owner

PATH = "/console/org-one/settings"
PASSWORD = "unmistakable-password"
TYPED = {
    "server": "smtp.one.example.org",
    "way": "587-starttls",
    "username": "petitions",
    "password": PASSWORD,
    "server_from": "petitions@one.org",
}


def press(owner: Owner, act: str = "", **data: str):
    return owner.client.post(f"{PATH}/server{act}", data={"csrf_token": owner.token, **data})


def numbers(world: World) -> list[int]:
    return [number for (number,) in world.query("SELECT id FROM org_transports ORDER BY id")]


def test_a_server_is_tested_used_and_taken_off(world: World, owner: Owner) -> None:
    assert press(owner, **TYPED).location == f"{PATH}#mail-server"
    page = owner.client.get(PATH).text
    assert "It is being tried" in page
    assert 'hx-trigger="every 2s"' in page
    (number,) = numbers(world)
    early = press(owner, "/use", number=str(number))
    assert early.status_code == 409
    assert "Please test it first" in early.text
    job.try_out(world.app)
    part = owner.client.get(f"{PATH}/server").text
    assert "on its way to you" in part
    assert "hx-trigger" not in part
    assert world.mails()[-1]["to"] == "admin@org-one.example.org"
    assert press(owner, "/use", number=str(number)).status_code == 303
    used = owner.client.get(PATH).text
    assert "smtp.one.example.org, your own" in used
    assert "petitions@one.org" in used
    assert press(owner, "/remove").status_code == 303
    assert numbers(world) == []
    record = owner.client.get("/console/org-one/audit").text
    for said in (
        "tested the mail server smtp.one.example.org:587",
        "leave through the mail server",
        "of this site again",
    ):
        assert said in record


def test_the_password_comes_back_nowhere(world: World, owner: Owner) -> None:
    refused = press(owner, **{**TYPED, "server": "10.0.0.1"})
    assert refused.status_code == 422
    assert "petitions@one.org" in refused.text, "what else was typed does"
    press(owner, **TYPED)
    shown = owner.client.get(PATH).text + owner.client.get(f"{PATH}/server").text + refused.text
    assert PASSWORD not in shown
    assert PASSWORD not in str(world.query("SELECT * FROM org_transports")) + str(
        world.query("SELECT * FROM audit_entries")
    )


@pytest.mark.parametrize("number", ["", "x", "999", "-1", "١"])
def test_only_what_is_there_is_used(owner: Owner, number: str) -> None:
    assert press(owner, "/use", number=number).status_code == 409


def test_the_operators_server_stands_there_and_is_not_changed(world: World, owner: Owner) -> None:
    settings = world.app.extensions["proca_settings"]
    set_ = {"org-one": Transport("org-one", "smtp.set.example.org", sender="set@one.org")}
    world.app.extensions["proca_settings"] = replace(settings, transports=set_)
    page = owner.client.get(PATH).text
    assert "smtp.set.example.org, your own" in page
    assert "has set this server for you" in page
    assert 'name="password"' not in page
    assert press(owner, **TYPED).status_code == 409
    assert numbers(world) == []


def test_what_the_server_said_is_shown_as_text(world: World, owner: Owner) -> None:
    press(owner, **TYPED)
    world.execute("UPDATE org_transports SET test = 'failed', answer = 'login 535 <script>alert(1)</script>'")
    page = owner.client.get(PATH).text
    assert "535 &lt;script&gt;" in page
    assert "made for one program" in page
    assert 'aria-disabled="true"' in page


@pytest.mark.parametrize("second_factor", ["required"], indirect=True)
def test_the_second_step_is_asked_for_again(world: World) -> None:
    client = world.signed_in("admin@org-one.example.org")
    token = factories.form_token(client, PATH) if client.get(PATH).status_code == 200 else ""
    answer = client.post(f"{PATH}/server", data={**TYPED, "csrf_token": token})
    assert answer.status_code in (303, 403)
    assert PASSWORD not in answer.text
    assert numbers(world) == []
