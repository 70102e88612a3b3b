"""The public action page over HTTP: what is taken, what is refused and how, and that nobody's typing is lost."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.services.signatures import signing
from proca_web.services.signatures.signing import Submission
from proca_web.web import page_cache
from tests.blueprints.conftest import words
from tests.databases import ON_BOTH
from tests.factories import World, form

HX = {"HX-Request": "true"}


def rows(world: World) -> int:
    """How much a refused form left behind."""
    return sum(world.query(f"SELECT count(*) FROM {table}")[0][0] for table in ("actions", "contacts", "transients"))


def test_the_page_shows_petition_count_readers_and_form(client: FlaskClient) -> None:
    page = client.get("/p/trees").text
    text = words(page)
    for shown in (
        "Keep our street trees",
        "protect every street tree",
        "Once you confirm, only Org One can read your details. This site cannot.",
        "signed",
        "Who is responsible",
        "Second paragraph.",
    ):
        assert shown in text, shown
    assert 'action="/p/trees/sign"' in page
    assert page.index('name="first_name"') < page.index('name="opt_in"')


@pytest.mark.parametrize(
    ("page", "present", "absent"),
    [
        (
            "trees",
            {"first_name", "last_name", "email", "country", "postcode", "opt_in"},
            {"phone", "comment", "lead_opt_in"},
        ),
        ("trees-partner", {"phone", "street", "comment", "opt_in", "lead_opt_in"}, {"birth_date"}),
    ],
)
def test_a_page_asks_only_what_its_settings_say(
    client: FlaskClient, page: str, present: set[str], absent: set[str]
) -> None:
    names = set(re.findall(r'name="([a-z_]+)"', client.get(f"/p/{page}/sign").text))
    assert present <= names
    assert not absent & names


def test_no_consent_is_ticked_beforehand(client: FlaskClient) -> None:
    assert "checked" not in client.get("/p/trees-partner").text


def test_public_answers_set_no_cookie_and_say_how_long_they_may_be_kept(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    paths = (
        "/",
        "/p/trees",
        "/p/trees/sign",
        "/p/trees/check-inbox",
        "/p/trees/thanks",
        "/p/trees/count.json",
        "/keys",
        "/keys.json",
        "/health",
        "/mailbox",
        "/mailbox.json",
        world.link(),
        "/p/nowhere",
        "/nowhere",
    )
    for path in paths:
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.headers.get("Vary", ""), path
    for path, seconds in (("/p/trees", 10), ("/p/trees/thanks", 10), ("/p/trees/count.json", 2)):
        assert f"public, max-age={seconds}," in client.get(path).headers["Cache-Control"]
    assert client.get(world.link()).headers["Cache-Control"] == "no-store"


def test_a_page_that_did_not_change_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/p/trees")
    again = client.get("/p/trees", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/", "/p/trees", "/p/nowhere", "/login", "/keys.json"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_plain_form_is_answered_with_a_redirect_and_htmx_with_the_fragment(world: World, client: FlaskClient) -> None:
    plain = world.sign(client)
    assert (plain.status_code, plain.location) == (303, "/p/trees/check-inbox")
    swapped = world.sign(client, headers=HX, email="anna@example.org")
    assert swapped.status_code == 200
    assert "Location" not in swapped.headers
    assert swapped.text.lstrip().startswith('<section id="check-inbox"')
    assert (
        swapped.text.count("anna@example.org") == 4
    )  # shown, twice in the form that sends again, and in the field that changes it
    assert swapped.headers["Cache-Control"] == "no-store"


@ON_BOTH
@pytest.mark.parametrize("headers", [HX, {}], ids=["htmx", "form"])
def test_a_new_and_a_known_address_get_the_same_answer(
    world: World, client: FlaskClient, headers: dict[str, str]
) -> None:
    def answer(query: str = "") -> tuple[int, str, list[tuple[str, str]]]:
        taken = world.sign(client, headers=headers, query=query)
        return taken.status_code, taken.text, sorted(taken.headers)

    first = answer()
    assert answer() == first
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")
    page_cache.forget(world.app)
    assert answer() == first
    if not headers:  # the form that corrects an address says that it is one of a test
        assert answer("?testing=true") == first


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "", "Enter your first name."),
        ("first_name", "<script>", "without HTML"),
        ("first_name", "\x07bell", "control characters"),
        ("first_name", "www.spam.example", "web address"),
        ("last_name", "=1+1", "beginning with a letter"),
        ("email", "", "Enter your e-mail address"),
        ("email", "no-at-sign", "one e-mail address"),
        ("email", "a@example.org, b@example.org", "one e-mail address"),
        ("country", "XX", "from the list"),
        ("postcode", "ABC", "postcode of that country"),
        ("opt_in", "maybe", "yes or no"),
    ],
)
def test_a_bad_field_is_marked_and_everything_typed_is_kept(
    world: World, client: FlaskClient, field: str, value: str, said: str
) -> None:
    for headers in ({}, HX):
        answer = world.sign(client, headers=headers, **{"last_name": "Keep-me-please", field: value})
        assert answer.status_code == 422
        shown = unescape(answer.text)
        assert said in shown
        if field != "last_name":
            assert "Keep-me-please" in shown
        if field not in ("opt_in", "country"):
            assert f'value="{value}"' in shown.replace("\n", " ")
        assert answer.headers["Cache-Control"] == "no-store"
    assert rows(world) == 0


def test_an_address_is_shown_as_people_read_it_and_mailed_in_ascii(world: World, client: FlaskClient) -> None:
    for domain in ("müller.de", "mu\u0308ller.de", "xn--mller-kva.de"):
        answer = world.sign(client, headers=HX, email=f"anna@{domain}")
        assert answer.text.count("anna@müller.de") == 4
        assert "xn--" not in answer.text
    world.run("mail")
    assert {mail["to"] for mail in world.mails()} == {"anna@xn--mller-kva.de"}


@pytest.mark.parametrize("path", ["/p/trees/sign", "/p/trees-partner/sign"])
def test_no_field_cuts_what_is_typed_or_pasted(client: FlaskClient, path: str) -> None:
    assert "maxlength" not in client.get(path).text.lower()


@pytest.mark.parametrize(
    ("required", "chosen"), [('["email", "first_name"]', 0), ('["country", "email", "first_name"]', 1)]
)
def test_a_country_is_chosen_beforehand_only_where_it_must_be_given(
    world: World, client: FlaskClient, required: str, chosen: int
) -> None:
    world.execute("UPDATE action_pages SET default_country = 'DE', required = :required", required=required)
    page_cache.forget(world.app)
    assert client.get("/p/trees/sign").text.count(" selected") == chosen


def test_browsers_are_told_address_line_1_only_where_it_holds_the_number_too(world: World, client: FlaskClient) -> None:
    both = client.get("/p/trees-partner/sign").text
    assert 'name="street_number"' in both
    assert "address-line1" not in both
    fields = '["first_name", "email", "street"]'
    world.execute("UPDATE action_pages SET fields = :fields WHERE name = 'trees'", fields=fields)
    page_cache.forget(world.app)
    alone = client.get("/p/trees/sign").text
    assert "Street and house number" in alone
    assert re.search(r'name="street"[^>]* autocomplete="address-line1"', alone)


def test_all_faults_are_said_at_once(client: FlaskClient) -> None:
    answer = client.post("/p/trees/sign", data={"country": "nowhere"})
    assert answer.status_code == 422
    for field in ("first_name", "email", "country"):
        assert f'id="{field}-fault"' in answer.text


@ON_BOTH
def test_unknown_fields_are_ignored_and_stored_nowhere(world: World, client: FlaskClient) -> None:
    answer = world.sign(client, phone="+49 30 123", comment="not asked", admin="yes", status="accepted")
    assert answer.status_code == 303
    assert world.query("SELECT custom_fields, status FROM actions") == [("{}", "pending")]


def test_a_mistyped_domain_is_asked_about_once(world: World, client: FlaskClient) -> None:
    asked = world.sign(client, email="anna@gmial.com")
    assert asked.status_code == 422
    assert "anna@gmail.com" in asked.text
    kept = re.search(r'name="email_kept" value="([^"]+)"', asked.text)
    assert kept is not None
    assert rows(world) == 0
    assert world.sign(client, email="anna@gmial.com", email_kept=kept[1]).status_code == 303
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["anna@gmial.com"]


def test_the_suggested_address_is_one_press_away(world: World, client: FlaskClient) -> None:
    assert world.sign(client, email="anna@gmial.com", email_fix="anna@gmail.com").status_code == 303
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["anna@gmail.com"]


def test_a_form_cannot_send_the_mail_elsewhere_by_the_suggestion(world: World, client: FlaskClient) -> None:
    assert world.sign(client, email="anna@gmial.com", email_fix="victim@example.org").status_code == 422


@pytest.mark.parametrize("table", ["action_pages", "campaigns"])
@pytest.mark.parametrize("status", ["closed", "draft"])
def test_a_page_that_is_not_live_says_so_and_takes_nothing(
    world: World, client: FlaskClient, table: str, status: str
) -> None:
    world.execute(f"UPDATE {table} SET status = :status", status=status)
    page_cache.forget(world.app)
    shown = client.get("/p/trees")
    assert shown.status_code == 200
    assert "<form" not in shown.text
    assert "takes no signatures now" in shown.text
    for headers in ({}, HX):
        answer = world.sign(client, headers=headers)
        assert answer.status_code == 410
        assert "takes no signatures now" in answer.text
    assert rows(world) == 0


@ON_BOTH
def test_a_page_that_does_not_exist(world: World, client: FlaskClient) -> None:
    assert client.get("/p/nowhere").status_code == 404
    assert client.get("/p/nowhere/count.json").status_code == 404
    assert world.sign(client, "nowhere").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_from_another_site_is_refused(
    world: World, client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    assert world.sign(client, headers=headers).status_code == status
    assert (rows(world) > 0) is (status == 303)


@ON_BOTH
@pytest.mark.parametrize("org", ["org-one", "org-two"])
def test_without_a_key_of_who_always_receives_nothing_is_stored(world: World, client: FlaskClient, org: str) -> None:
    page = {"org-one": "trees", "org-two": "trees-partner"}[org]
    world.execute(
        "UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient' AND org_id = "
        "(SELECT id FROM orgs WHERE name = :org)",
        org=org,
    )
    for headers in ({}, HX):
        answer = world.sign(client, page, headers=headers)
        assert answer.status_code == 503
        assert "Nothing was stored" in answer.text
    assert rows(world) == 0
    page_cache.forget(world.app)
    for path in ("", "/sign"):
        shown = client.get(f"/p/{page}{path}")
        assert shown.status_code == 503
        assert shown.headers["Cache-Control"] == "no-store"
        assert "<form" not in shown.text
        assert "Please come back tomorrow." in shown.text
        assert "key" not in shown.text.partition("<main")[2].partition("</main")[0]
    fragment = client.get(f"/p/{page}/sign", headers=HX)
    assert fragment.status_code == 503
    assert "<form" not in fragment.text
    assert client.get(f"/p/{page}/thanks").status_code == 200


@ON_BOTH
def test_an_optional_org_without_a_key_only_loses_its_box(world: World, client: FlaskClient) -> None:
    world.execute(
        "UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient' AND org_id = "
        "(SELECT id FROM orgs WHERE name = 'org-one')"
    )
    page_cache.forget(world.app)
    assert 'name="lead_opt_in"' not in client.get("/p/trees-partner").text
    named = world.sign(client, "trees-partner", lead_opt_in="yes")
    assert named.status_code == 422
    assert "This text has changed" in named.text
    assert 'name="lead_opt_in"' not in named.text
    assert rows(world) == 0
    assert world.sign(client, "trees-partner").status_code == 303


def test_a_consent_of_an_org_that_is_no_part_of_the_page_is_ignored(world: World, client: FlaskClient) -> None:
    assert world.sign(client, lead_opt_in="yes").status_code == 303
    assert world.query("SELECT count(*) FROM contacts") == [(1,)]


def test_an_oversized_form_is_refused_before_it_is_read(world: World, client: FlaskClient) -> None:
    for headers in ({}, HX):
        answer = world.sign(client, headers=headers, comment="x" * 100_000)
        assert answer.status_code == 413
        assert "larger than it may be" in answer.text
    assert client.post("/p/trees/sign", data={f"f{n}": "x" for n in range(3000)}).status_code in (413, 422)
    assert rows(world) == 0


def test_a_refusal_for_htmx_goes_beside_the_form(world: World, client: FlaskClient) -> None:
    answer = world.sign(client, headers={**HX, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#notice"
    assert "<html" not in answer.text


@pytest.mark.usefixtures("one_minute")
def test_too_many_forms_from_one_network_have_to_wait(world: World, client: FlaskClient) -> None:
    statuses = [world.sign(client, first_name="").status_code for _ in range(31)]
    assert statuses == [422] * 30 + [429]
    answer = world.sign(client, headers=HX)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert "wait a minute" in answer.text
    assert client.get("/p/trees").status_code == 200


@pytest.mark.usefixtures("one_minute")
def test_a_forged_forwarded_header_changes_no_limit(world: World, client: FlaskClient) -> None:
    for number in range(31):
        answer = world.sign(client, headers={"X-Forwarded-For": f"10.0.0.{number}"}, first_name="")
    assert answer.status_code == 429


@ON_BOTH
def test_the_wording_that_was_shown_is_kept_word_for_word(world: World, client: FlaskClient) -> None:
    page = client.get("/p/trees-partner").text
    hidden = re.search(r'name="wording" value="([^"]+)"', page)
    assert hidden is not None
    text = client.get(f"/consent/{hidden[1]}.txt")
    assert text.status_code == 200
    import base64
    import hashlib

    assert base64.urlsafe_b64encode(hashlib.sha256(text.data).digest()).decode().rstrip("=") == hidden[1]
    for line in text.text.strip().split("\n\n"):
        assert line.removeprefix("[ ] ") in unescape(page), line
    world.sign(client, "trees-partner", wording=hidden[1])
    assert world.query("SELECT consent FROM actions") == [(hidden[1],)]


@ON_BOTH
@pytest.mark.parametrize(("age", "status"), [(timedelta(hours=1), 303), (timedelta(hours=25), 422)])
def test_a_wording_replaced_since_is_good_for_a_day(
    world: World, client: FlaskClient, age: timedelta, status: int
) -> None:
    ((old,),) = world.query("SELECT hash FROM consent_texts WHERE action_page_id = 1")
    world.execute("UPDATE action_pages SET title = 'Another title' WHERE id = 1")
    world.run("sweep")
    replaced = (datetime.now(UTC) - age).strftime("%Y-%m-%d %H:%M:%S.%f")
    if world.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        replaced += "+00"
    world.execute("UPDATE consent_texts SET valid_until = :at WHERE hash = :hash", at=replaced, hash=old)
    assert client.post("/p/trees/sign", data=form(wording=old)).status_code == status
    assert client.post("/p/trees/sign", data=form(wording="never-ours")).status_code == 422
    assert client.post("/p/trees/sign", data=form()).status_code == 303


def test_where_somebody_came_from_is_four_short_words(world: World, client: FlaskClient) -> None:
    world.sign(client, query="?utm_source=news&utm_medium=e%0D%0Amail&utm_content=" + "x" * 99)
    world.sign(client, headers={"Referer": "http://localhost/p/trees?utm_source=share&utm_medium=whatsapp"})
    world.sign(client, headers={"Referer": "https://elsewhere.example.org/?utm_source=evil"})
    assert world.query("SELECT utm_source, utm_medium, utm_content FROM actions ORDER BY id") == [
        ("news", "e mail", "x" * 64),
        ("share", "whatsapp", ""),
        ("", "", ""),
    ]


def test_a_referrer_that_is_no_address_costs_nobody_their_signature(world: World, client: FlaskClient) -> None:
    assert world.sign(client, headers={"Referer": "http://[?utm_source=broken"}).status_code == 303
    assert world.query("SELECT utm_source FROM actions") == [("",)]


@pytest.mark.parametrize("headers", [{}, HX])
def test_a_refused_form_shows_the_page_that_decided(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    ((decided,),) = world.query("SELECT hash FROM consent_texts WHERE action_page_id = 1")
    read = signing.read

    def read_slowly(*given: Any) -> Submission:
        try:
            return read(*given)
        finally:
            world.execute("UPDATE action_pages SET title = 'Another title' WHERE id = 1")
            world.run("sweep")

    monkeypatch.setattr(signing, "read", read_slowly)
    answer = world.sign(client, headers=headers, first_name="")
    assert answer.status_code == 422
    assert f'name="wording" value="{decided}"' in answer.text
    assert "Another title" not in answer.text


def test_the_counter_is_open_to_other_sites(client: FlaskClient) -> None:
    answer = client.get("/p/trees/count.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert set(answer.json) == {"count", "confirmed", "unconfirmed", "elsewhere", "goal", "updated_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer.json["updated_at"])


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused_in_words(client: FlaskClient, method: str) -> None:
    answer = getattr(client, method)("/p/trees/sign")
    assert answer.status_code == 405
    assert "<h1" in answer.text


@ON_BOTH
@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"first_name=%FF%FE&email=%C3%28", b"first_name=a" + b"&x" * 2000])
def test_hostile_bytes_never_make_a_traceback(client: FlaskClient, data: bytes) -> None:
    answer = client.post("/p/trees/sign", data=data, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (413, 422)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("style", ["box", "choice"])
def test_consent_can_be_a_box_or_a_choice_with_nothing_chosen(world: World, client: FlaskClient, style: str) -> None:
    world.execute("UPDATE action_pages SET consent_style = :style", style=style)
    page_cache.forget(world.app)
    page = client.get("/p/trees").text
    assert ('type="radio" name="opt_in"' in page) is (style == "choice")
    world.run("sweep")
    page_cache.forget(world.app)
    assert ("May Org One also keep you informed" in client.get("/p/trees").text) is (style == "choice")
    assert "checked" not in page
    for answer in ({}, {"opt_in": "no"}, {"opt_in": "yes"}):
        world.sign(client, **answer)
    assert [bool(row[0]) for row in world.query("SELECT opt_in FROM contacts ORDER BY id")] == [False, False, True]
