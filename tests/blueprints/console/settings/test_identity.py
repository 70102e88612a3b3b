"""The form of an org's settings: saved at once for all pages, nothing typed lost, no key file taken for a picture."""

import io

from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests import factories
from tests.databases import ON_SQLITE
from tests.factories import World
from tests.key_holder import Owner

PATH = "/console/org-one/settings"
TYPED = {
    "title": "Org Uno",
    "legal_name": "Uno e. V.",
    "legal_contact": "Mill Street 4",
    "privacy_url": "https://uno.example.org/privacy",
    "retention": "Kept for a year.",
    "mail_name": "",
    "mail_from": "",
    "reply_to": "",
    "color": "#b0521c",
    "locale": "en",
    "time_zone": "Europe/Berlin",
}
pytestmark = ON_SQLITE


def png(width: int, height: int) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(into, "PNG")
    return into.getvalue()


def send(owner: Owner, picture: bytes | None = None, **changes: str):
    file = {"picture": FileStorage(io.BytesIO(picture), "logo.png")} if picture is not None else {}
    data = {**TYPED, "csrf_token": owner.token, **changes, **file}
    boundary, body = encode_multipart(data)
    return owner.client.post(PATH, data=body, content_type=f"multipart/form-data; boundary={boundary}", buffered=True)


def test_what_is_saved_stands_on_every_page_at_once(world: World, owner: Owner) -> None:
    assert "Org Uno" not in world.app.test_client().get("/p/trees").text
    answer = send(owner, png(300, 200))
    assert (answer.status_code, answer.location) == (303, f"{PATH}?done=saved")
    page = world.app.test_client().get("/p/trees").text
    assert "Uno e. V., Mill Street 4. Kept for a year." in page
    shown = owner.client.get(f"{PATH}?done=saved").text
    assert "Uno e. V., Mill Street 4. Kept for a year." in shown, "people see the same words"
    assert '<img src="/image/' in shown
    record = owner.client.get("/console/org-one/audit").text
    assert "changed the settings: name Org One → Org Uno" in record
    assert world.query("SELECT count(*) FROM consent_texts WHERE valid_until IS NOT NULL") == [(2,)]


def test_a_picture_of_twenty_megabytes_is_told_beside_its_field_and_nothing_typed_is_lost(
    world: World, owner: Owner
) -> None:
    answer = send(owner, png(300, 200) + bytes(20_000_000), legal_name="Typed by hand")
    assert answer.status_code == 422
    assert "larger than 5 MB" in answer.text
    assert 'id="picture-fault"' in answer.text
    assert "Typed by hand" in answer.text
    assert world.query("SELECT count(*) FROM images") == [(0,)]


def test_what_is_larger_than_any_picture_is_refused_with_a_sentence(owner: Owner) -> None:
    sent = {"data": bytes(26_300_000), "content_type": "multipart/form-data; boundary=x"}
    answer = owner.client.post(PATH, **sent)
    assert answer.status_code == 413
    assert "choose a smaller picture" in answer.text


def test_other_forms_take_a_few_kilobytes_as_before(owner: Owner) -> None:
    data = {"csrf_token": owner.token, "x": "x" * 70_000}
    assert owner.client.post(f"{PATH}/mail/check", data=data).status_code == 413


def test_a_key_file_is_no_logo(world: World, owner: Owner) -> None:
    key = factories.key_file(factories.keyfile.new_org_key("org-one"), "seven words of nothing at all", 1)
    answer = send(owner, key.encode())
    assert answer.status_code == 400
    assert "looked like a secret" in answer.text
    assert send(owner, png(64, 64)).status_code == 303, "a small picture is no secret"


def test_hostile_text_comes_back_as_text(owner: Owner) -> None:
    answer = send(owner, title='"><script>alert(1)</script>', time_zone="'><b>")
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&#34;&gt;&lt;script&gt;" in answer.text
    assert "Error: Settings" in answer.text


def test_whoever_runs_the_site_has_the_same_form(world: World) -> None:
    operator = world.signed_in("operator@example.org")
    token = factories.form_token(operator, PATH)
    data = {**TYPED, "csrf_token": token, "mail_from": "any@elsewhere.org"}
    assert operator.post(PATH, data=data).status_code == 303
    assert world.query("SELECT mail_from FROM orgs WHERE name = 'org-one'") == [("any@elsewhere.org",)]
    assert world.query("SELECT actor FROM audit_entries WHERE event = 'settings-edit'") == [("operator@example.org",)]
