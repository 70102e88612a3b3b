"""What an operator types to make orgs, people, campaigns and pages; and what is refused, in one sentence each."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from nacl.signing import VerifyKey

from proca_web import config
from proca_web.app import create_app
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.extensions import db
from proca_web.services.staff import passwords
from tests import factories
from tests.cli import running
from tests.cli.instance import NOTICE, OPERATOR, TREES, Instance, new_key, new_sign_key


@pytest.fixture
def keyless(instance: Instance) -> Instance:
    """An instance with an org that has no key yet."""
    instance.does("org", "add", "org-one", "--title", "Org One")
    return instance


@pytest.fixture
def served(page: Instance) -> Iterator[Flask]:
    """The web app of that instance, as `serve` would make it."""
    settings, faults = config.read(page.env)
    assert faults == []
    app = create_app(settings)
    yield app
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()


def test_a_page_made_on_the_command_line_can_be_signed_until_it_is_closed(page: Instance, served: Flask) -> None:
    client = served.test_client()
    assert client.post("/p/trees/sign", data=factories.form()).status_code == 303
    assert page.sql("SELECT count(*) FROM contacts") == [(1,)]
    assert "✓ page trees is closed" in page.does("page", "close", "trees")
    assert client.post("/p/trees/sign", data=factories.form()).status_code == 410
    assert page.sql("SELECT count(*) FROM contacts") == [(1,)]


def test_a_page_of_a_closed_campaign_takes_no_signatures(page: Instance, served: Flask) -> None:
    page.does("campaign", "close", "trees")
    assert served.test_client().post("/p/trees/sign", data=factories.form()).status_code == 410


def test_a_page_is_a_draft_until_it_is_opened(org: Instance) -> None:
    assert "draft" in org.does("page", "add", "trees", "--campaign", "trees", "--org", "org-one", *TREES)
    assert org.sql("SELECT status FROM action_pages") == [("draft",)]
    assert "live at /p/trees" in org.does("page", "open", "trees")
    assert org.sql("SELECT status FROM action_pages") == [("live",)]


def test_a_first_key_is_active_endorsed_and_in_the_log(keyless: Instance) -> None:
    public, sign_public = new_key(), new_sign_key()
    assert fingerprint(factories.b64(public)) in keyless.does("org", "key", "org-one", public, sign_public)
    ((*key, endorsement, index),) = keyless.sql(
        "SELECT status, public, sign_public, endorsement, log_index FROM public_keys WHERE kind = 'recipient'"
    )
    assert key == ["active", factories.b64(public), factories.b64(sign_public)]
    home = HomeKey.from_file(keyless.folder / "home.key")
    said = b"proca-web:org-key:v1\x00\x00\x00\x00\x07org-one\x00\x00\x00\x09recipient" + factories.b64(public)
    VerifyKey(home.identity).verify(said + index.to_bytes(8, "big"), endorsement)
    ((entry,),) = keyless.sql("SELECT entry FROM key_log WHERE position = ?", index)
    logged = json.loads(entry)
    assert (logged["event"], logged["proof"], logged["continuity"]) == ("activate", "operator", "first")
    assert (logged["public"], logged["sign_public"]) == (public, sign_public)
    remembered = (keyless.folder / "keyring" / "guard" / "key-log").read_text().splitlines()
    assert remembered[index].endswith(f"activate {fingerprint(factories.b64(public))}")
    assert "✓ all is well" in keyless.does("check")


def test_an_org_is_added_with_both_halves_of_its_first_key(instance: Instance) -> None:
    public, sign_public = new_key(), new_sign_key()
    both = ("--public-key", public, "--sign-public", sign_public)
    instance.does("org", "add", "org-one", "--title", "One", *both)
    query = "SELECT public, sign_public FROM public_keys WHERE kind = 'recipient'"
    assert instance.sql(query) == [(factories.b64(public), factories.b64(sign_public))]


def test_a_sign_key_alone_is_refused_not_forgotten(instance: Instance) -> None:
    said = instance.refuses("org", "add", "org-one", "--title", "One", "--sign-public", new_sign_key(), code=2)
    assert "--sign-public belongs to a --public-key" in said
    assert instance.sql("SELECT name FROM orgs") == [("home",)]


@pytest.mark.parametrize("sign_public", ["no key", encode(bytes(32)), "A" * 42])
def test_a_sign_key_that_cannot_sign_is_refused_and_leaves_no_key(keyless: Instance, sign_public: str) -> None:
    assert "this public key cannot be used" in keyless.refuses("org", "key", "org-one", new_key(), sign_public)
    assert keyless.sql("SELECT kind FROM public_keys") == [("home",)]
    assert keyless.sql("SELECT count(*) FROM key_log") == [(1,)]


@pytest.mark.parametrize("state", ["active", "retired", "revoked"])
def test_a_later_key_is_its_owners_business(org: Instance, state: str) -> None:
    org.sql("UPDATE public_keys SET status = ? WHERE kind = 'recipient'", state)
    before = org.sql("SELECT * FROM public_keys"), org.sql("SELECT * FROM key_log")
    said = org.refuses("org", "key", "org-one", new_key(), new_sign_key())
    assert said == (
        "Error: org-one has or had a key already, and `org key` enters the first one only. "
        "Its owners replace it: they sign in and open Keys in the console\n"
    )
    assert (org.sql("SELECT * FROM public_keys"), org.sql("SELECT * FROM key_log")) == before


def test_a_key_that_begins_with_a_dash_is_a_key(keyless: Instance) -> None:
    def dashed(make: Callable[[], str]) -> str:
        return next(key for key in iter(make, "") if key.startswith("-"))

    public = dashed(new_key)
    assert fingerprint(factories.b64(public)) in keyless.does("org", "key", "org-one", public, dashed(new_sign_key))
    both = ("--public-key", dashed(new_key), "--sign-public", dashed(new_sign_key))
    keyless.does("org", "add", "org-two", "--title", "Two", *both)


ALIAS = (2**255 - 19 + 9).to_bytes(32, "little")


@pytest.mark.parametrize("kind", ["short", "long", "standard base64", "words", "low order", "alias", "home", "taken"])
@pytest.mark.parametrize(
    "command", [("org", "add", "org-two", "--title", "Two", "--public-key"), ("org", "key", "org-one")]
)
def test_a_key_that_cannot_be_used_is_refused_with_the_same_sentence(
    org: Instance, kind: str, command: tuple[str, ...]
) -> None:
    (home,) = org.sql("SELECT public FROM public_keys WHERE kind = 'home'")
    (taken,) = org.sql("SELECT public FROM public_keys WHERE kind = 'recipient'")
    keys = {
        "short": new_key()[:42],
        "long": f"{new_key()}A",
        "standard base64": "+" * 43,
        "words": "not a key",
        "low order": encode(bytes(32)),
        "alias": encode(ALIAS),
        "home": encode(home[0]),
        "taken": encode(taken[0]),
    }
    before = org.sql("SELECT count(*) FROM public_keys"), org.sql("SELECT count(*) FROM orgs")
    said = org.refuses(*command, keys[kind])
    assert said == (
        "Error: this public key cannot be used; "
        "please give the public key with its fingerprint as `proca-org keygen` prints them\n"
    )
    assert (org.sql("SELECT count(*) FROM public_keys"), org.sql("SELECT count(*) FROM orgs")) == before


def test_the_home_org_receives_nothing_and_owns_nothing(org: Instance) -> None:
    assert "receives none" in org.refuses("org", "key", "home", new_key())
    owns = "the Home Org owns no campaign and no page"
    assert owns in org.refuses("campaign", "add", "c", "--org", "home", "--title", "C")
    assert owns in org.refuses("page", "add", "p", "--campaign", "trees", "--org", "home", *TREES)


@pytest.mark.parametrize(
    "name", ["", "Org", "org one", "org_one", "-org", "org-", "org--one", "órg", "org/one", "..", "a" * 65, "org\n"]
)
def test_a_name_that_would_not_do_in_a_url_is_refused(org: Instance, name: str) -> None:
    for command in (
        ("org", "add", "--title", "T", "--", name),
        ("campaign", "add", "--org", "org-one", "--title", "T", "--", name),
        ("page", "add", "--campaign", "trees", "--org", "org-one", *TREES, "--", name),
    ):
        assert "use small letters, digits and single dashes" in org.refuses(*command)


def test_a_name_is_given_once(page: Instance) -> None:
    assert "an org org-one already" in page.refuses("org", "add", "org-one", "--title", "T")
    assert "a campaign trees already" in page.refuses("campaign", "add", "trees", "--org", "org-one", "--title", "T")
    again = ("page", "add", "trees", "--campaign", "trees", "--org", "org-one", *TREES)
    assert "a page trees already" in page.refuses(*again)
    assert "an org home already" in page.refuses("org", "add", "home", "--title", "T")


def test_what_does_not_exist_is_named(org: Instance) -> None:
    assert "there is no org nobody" in org.refuses("user", "add", "x@example.org", "--org", "nobody")
    assert "there is no page nothing" in org.refuses("page", "open", "nothing")
    assert "there is no campaign none" in org.refuses(
        "page", "add", "p", "--campaign", "none", "--org", "org-one", *TREES
    )


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--fields", "first_name,email,shoe_size", "fields must be some of"),
        ("--fields", "first_name,last_name", "with first_name and email among them"),
        ("--required", "first_name,email,phone", "only fields that the page asks for"),
        ("--locale", "xx", "is no language we know"),
        ("--locale", "../en", "is no language we know"),
        ("--locale", "fr", "their words are not translated"),
        ("--locale", "ar", "their words are not translated"),
        ("--locale", "pt_BR", "their words are not translated"),
        ("--country", "Germany", "is no country"),
        ("--next-step-url", "javascript:alert(1)", "is no web address"),
        ("--next-step-url", "//evil.example", "is no web address"),
    ],
)
def test_a_page_that_would_not_work_is_refused(org: Instance, option: str, value: str, said: str) -> None:
    add = ("page", "add", "p", "--campaign", "trees", "--org", "org-one", *TREES, option, value)
    assert said in org.refuses(*add)
    assert org.sql("SELECT count(*) FROM action_pages") == [(0,)]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--privacy-url", "javascript:alert(1)", "is no web address"),
        ("--reply-to", "a@example.org\nBcc: b@example.org", "is no mail address"),
        ("--mail-from", "a@example.org\nBcc: b@example.org", "is no mail address"),
        ("--mail-from", "Org <a@example.org>, b@example.org", "is no mail address"),
        ("--mail-name", "Org\nBcc: b@example.org", "cannot hold line breaks"),
        ("--mail-name", "boss@bank.example", "is no address"),
    ],
)
def test_an_org_with_a_harmful_link_or_address_is_refused(
    instance: Instance, option: str, value: str, said: str
) -> None:
    assert said in instance.refuses("org", "add", "org-one", "--title", "T", option, value)
    assert instance.sql("SELECT name FROM orgs") == [("home",)]


def test_a_page_opens_only_with_legal_notices_and_keys(instance: Instance) -> None:
    instance.does("org", "add", "org-one", "--title", "One")
    instance.does("org", "add", "org-two", "--title", "Two", *NOTICE)
    for org in ("org-one", "org-two"):
        instance.does("campaign", "add", org, "--org", org, "--title", "T")
        instance.does("page", "add", org, "--campaign", org, "--org", org, *TREES)
    assert "org-one has no complete legal notice" in instance.refuses("page", "open", "org-one")
    assert "org-two has no active key" in instance.refuses("page", "open", "org-two")
    assert instance.sql("SELECT DISTINCT status FROM action_pages") == [("draft",)]


def test_a_password_is_made_up_and_shown_once(org: Instance) -> None:
    said = org.does("user", "add", "Admin@Org-One.example.org", "--org", "org-one")
    password = said.partition("password (shown once): ")[2].strip()
    ((hashed,),) = org.sql("SELECT password_hash FROM users WHERE email = 'admin@org-one.example.org'")
    assert passwords.verify_password(hashed, password)


def test_a_given_password_is_not_repeated(org: Instance, tmp_path: Path) -> None:
    file = tmp_path / "password"
    for email, ending in (("a@example.org", ""), ("b@example.org", "\n"), ("c@example.org", "\r\n")):
        password = secrets.token_urlsafe(16)
        file.write_text(password + ending, newline="")
        said = org.does("user", "add", email, "--org", "org-one", "--password-file", str(file))
        ((hashed,),) = org.sql("SELECT password_hash FROM users WHERE email = ?", email)
        assert passwords.verify_password(hashed, password)
        assert "password" not in said
        assert password not in said


def test_a_user_is_refused_with_a_short_password_or_a_taken_address(org: Instance, tmp_path: Path) -> None:
    add = ("user", "add", "--org", "org-one")
    (tmp_path / "short").write_text("short")
    assert "12 to 128 characters" in org.refuses(*add, "--password-file", str(tmp_path / "short"), "a@example.org")
    assert "cannot be read" in org.refuses(*add, "--password-file", str(tmp_path / "none"), "a@example.org")
    org.does(*add, "a@example.org")
    assert "is on the staff of org-one already" in org.refuses(*add, "A@example.org")
    assert "Please write one e-mail address" in org.refuses(*add, "nobody")


@pytest.mark.parametrize(
    "command",
    [
        ("init", "--email", "other@example.org"),
        ("user", "add", "other@example.org", "--org", "org-one"),
        ("user", "password", OPERATOR),
    ],
)
def test_a_password_is_never_an_argument(org: Instance, command: tuple[str, ...]) -> None:
    before = org.sql("SELECT * FROM users")
    said = org.refuses(*command, "--password", "a long enough password", code=2)
    assert "never an argument" in said
    assert "--password-file" in said
    assert "a long enough password" not in said
    assert org.sql("SELECT * FROM users") == before


def test_somebody_who_forgot_the_password_gets_a_new_one(org: Instance) -> None:
    org.does("user", "add", "a@example.org", "--org", "org-one")
    said = org.does("user", "password", "A@example.org")
    password = said.partition("password (shown once): ")[2].strip()
    ((hashed,),) = org.sql("SELECT password_hash FROM users WHERE email = 'a@example.org'")
    assert passwords.verify_password(hashed, password)
    assert "there is no user b@example.org" in org.refuses("user", "password", "b@example.org")


def test_who_left_is_removed_and_the_last_owner_only_when_that_is_meant(org: Instance) -> None:
    org.does("user", "add", "a@example.org", "--org", "org-one")
    assert "the last owner of org-one" in org.refuses("user", "remove", "a@example.org")
    org.does("user", "add", "c@example.org", "--org", "org-one")
    org.does("user", "remove", "a@example.org")
    org.does("user", "remove", "c@example.org", "--force")
    assert org.sql("SELECT email FROM users") == [(OPERATOR,)]
    assert org.sql("SELECT count(*) FROM memberships") == [(1,)]
    assert "there is no user a@example.org" in org.refuses("user", "remove", "a@example.org")


def test_who_is_on_the_staff_can_be_listed(org: Instance) -> None:
    org.does("user", "add", "a@example.org", "--org", "org-one")
    assert json.loads(org.does("user", "list", "--json")) == [
        {"email": "a@example.org", "name": "", "locked": False, "orgs": {"org-one": "owner"}},
        {"email": OPERATOR, "name": "", "locked": False, "orgs": {"home": "operator"}},
    ]
    assert "a@example.org  org-one (owner)" in org.does("user", "list")


@pytest.mark.parametrize(
    "bad", ["Two\nlines", "Two\rlines", "A\0b", "A\x1b[31m", "A\u2028b", "A\x85b", "A\tb", "", " "]
)
def test_a_title_is_one_line_of_text(org: Instance, bad: str) -> None:
    for command in (
        ("org", "add", "org-two", "--title", bad),
        ("campaign", "add", "other", "--org", "org-one", "--title", bad),
        ("page", "add", "other", "--campaign", "trees", "--org", "org-one", "--title", bad, "--demand", "Keep them."),
    ):
        said = org.refuses(*command)
        assert "one line of text" in said or "cannot be empty" in said
    for option in ("--legal-name", "--legal-contact", "--retention"):
        if bad.strip():
            assert "one line of text" in org.refuses("org", "add", "org-two", "--title", "Two", option, bad)
    assert org.sql("SELECT name FROM orgs ORDER BY id") == [("home",), ("org-one",)]


def test_a_page_has_paragraphs_and_no_other_control_characters(org: Instance) -> None:
    add = ("page", "add", "other", "--campaign", "trees", "--org", "org-one", *TREES)
    assert "control characters" in org.refuses(*add, "--body", "One.\n\nTwo\x07")
    org.does(*add, "--body", "One.\n\nTwo.")


@pytest.mark.parametrize("encoding", ["iso-8859-1", "iso-8859-15", "koi8-r"])
def test_a_terminal_with_few_characters_gets_the_words(
    encoding: str, org: Instance, commands: Callable[..., Result]
) -> None:
    add = ("user", "add", f"{encoding}@example.org", "--org", "org-one")
    done = commands(*add, env=org.env, charset=encoding)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"OK user {encoding}@example.org")
    assert "password (shown once): " in done.stdout
    well = commands("check", env=org.env, charset=encoding)
    assert (well.exit_code, well.stdout.splitlines()[-1]) == (0, "OK all is well")


def test_a_process_whose_terminal_has_few_characters_writes_the_words(org: Instance) -> None:
    well = running.run("check", env=org.env | {"PYTHONIOENCODING": "koi8-r", "PYTHONUTF8": "0"})
    assert (well.returncode, well.stdout.splitlines()[-1]) == (0, "OK all is well")


def test_the_home_identity_can_be_shown_for_pinning(instance: Instance) -> None:
    home = HomeKey.from_file(instance.folder / "home.key")
    said = instance.does("keys", "show")
    assert encode(home.identity) in said
    assert fingerprint(home.identity) in said
    assert (instance.folder / "home.key").read_text().strip() not in said
