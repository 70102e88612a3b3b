"""A contact is what the page asked for, checked; and nothing that is shown of it holds a value."""

import pickle
import traceback
from dataclasses import FrozenInstanceError, fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.people.contact import FIELDS, ContactData, FieldPolicy, parse
from tests.factories import CANARY, form

TODAY = date(2026, 5, 17)
ALL = FieldPolicy(FIELDS, comment="sealed")
TWO = FieldPolicy(("first_name", "email"))
FULL = CANARY | {"birth_date": "1990-01-31"}


def faults(typed: dict[str, str], policy: FieldPolicy) -> set[str]:
    with pytest.raises(FieldsRefused) as refusal:
        parse(typed, policy, TODAY)
    return set(refusal.value.faults)


def test_a_good_form_becomes_a_contact() -> None:
    contact, comment = parse(FULL, ALL, TODAY)
    assert dict(contact.items()) == FULL
    assert comment == ""


def test_fields_the_page_does_not_ask_for_are_ignored_unread() -> None:
    typed = form(phone="not a number", birth_date="never", comment="<script>")
    contact, comment = parse(typed, TWO, TODAY)
    assert dict(contact.items()) == {"first_name": "Zofia", "email": "zofia@example.org"}
    assert comment == ""


def test_a_country_the_page_does_not_ask_for_does_not_choose_the_postcodes_pattern() -> None:
    policy = FieldPolicy(("first_name", "email", "postcode"))
    contact, _ = parse(form(country="DE", postcode="00-950"), policy, TODAY)
    assert (contact.country, contact.postcode) == ("", "00-950")


@pytest.mark.parametrize(
    ("country", "postcode"), [("PL", "00-950"), ("de", "10115"), ("", "00-950"), (" gb ", "E1 6AN")]
)
def test_a_postcode_is_checked_against_the_country_it_came_with(country: str, postcode: str) -> None:
    contact, _ = parse(form(country=country, postcode=postcode), ALL, TODAY)
    assert contact.postcode == postcode


def test_a_postcode_of_another_country_is_refused_at_its_own_field() -> None:
    assert faults(form(country="DE", postcode="00-950"), ALL) == {"postcode"}


def test_every_fault_is_named_at_once() -> None:
    typed = form(first_name="1", email="x", phone="x", country="XX", birth_date="x", comment="x" * 1001)
    assert faults(typed, ALL) == {"first_name", "email", "phone", "country", "birth_date", "comment"}


@pytest.mark.parametrize(
    ("typed", "missing"),
    [
        ({}, {"first_name", "email"}),
        ({"first_name": "Zofia", "email": ""}, {"email"}),
        ({"first_name": " \t\u00a0", "email": "zofia@example.org"}, {"first_name"}),
    ],
)
def test_first_name_and_address_are_always_required(typed: dict[str, str], missing: set[str]) -> None:
    assert faults(typed, TWO) == missing


def test_each_missing_field_says_what_to_enter() -> None:
    with pytest.raises(FieldsRefused) as refusal:
        parse({}, FieldPolicy(FIELDS, required=frozenset(FIELDS)), TODAY)
    said = [fault.text for fault in refusal.value.faults.values()]
    assert list(refusal.value.faults) == list(FIELDS)
    assert len(set(said)) == len(FIELDS)
    assert refusal.value.faults["first_name"].text == "Enter your first name."


def test_a_wrong_country_is_said_in_its_place_among_the_others() -> None:
    with pytest.raises(FieldsRefused) as refusal:
        parse(form(first_name="", country="XX"), ALL, TODAY)
    assert list(refusal.value.faults) == ["first_name", "country"]


@pytest.mark.parametrize("number", ["1525/39", "1234/56a", "12/3/45", "114-118", "7 bis", "Haus 3, Tür 12"])
def test_house_numbers_are_taken_whole(number: str) -> None:
    assert parse(form(street_number=number), ALL, TODAY)[0].street_number == number


def test_a_page_may_require_more() -> None:
    policy = FieldPolicy(FIELDS, required=frozenset({"first_name", "email", "postcode"}))
    assert faults(form(postcode=""), policy) == {"postcode"}


def test_a_required_field_with_a_fault_says_the_fault_and_not_that_it_is_missing() -> None:
    with pytest.raises(FieldsRefused) as refusal:
        parse(form(email="x"), TWO, TODAY)
    assert "one e-mail address" in refusal.value.faults["email"].text


@pytest.mark.parametrize(
    ("field", "longest"), [("street", 128), ("street_number", 16), ("locality", 64), ("region", 64), ("last_name", 64)]
)
def test_each_line_has_its_length(field: str, longest: int) -> None:
    contact, _ = parse(form(**{field: "x" * longest}), ALL, TODAY)
    assert getattr(contact, field) == "x" * longest
    assert faults(form(**{field: "x" * (longest + 1)}), ALL) == {field}


@pytest.mark.parametrize(
    ("policy", "sealed", "public"), [("off", "", ""), ("sealed", "For the birds", ""), ("public", "", "For the birds")]
)
def test_a_comment_goes_where_the_page_says(policy: str, sealed: str, public: str) -> None:
    contact, comment = parse(form(comment="For the birds"), FieldPolicy(FIELDS, comment=policy), TODAY)
    assert (contact.comment, comment) == (sealed, public)


def test_an_address_is_refused_in_a_public_comment_only() -> None:
    typed = form(comment="write to anna@example.org")
    assert faults(typed, FieldPolicy(FIELDS, comment="public")) == {"comment"}
    assert parse(typed, ALL, TODAY)[0].comment == "write to anna@example.org"


@given(typed=st.dictionaries(st.sampled_from([*FIELDS, "comment", "other"]), st.text(st.characters(), max_size=40)))
def test_whatever_is_sent_becomes_a_contact_or_a_refusal(typed: dict[str, str]) -> None:
    try:
        contact, _ = parse(typed, ALL, TODAY)
    except FieldsRefused:
        return
    assert parse(dict(contact.items()), ALL, TODAY)[0] == contact


def test_what_is_shown_of_a_contact_are_the_names_of_its_fields() -> None:
    contact, _ = parse(FULL, ALL, TODAY)
    names = f"<ContactData {' '.join(field.name for field in fields(ContactData) if field.name in FULL)}>"
    for shown in (repr(contact), str(contact), f"{contact}", f"{contact!r:>9}", repr([contact])):
        assert names in shown
        assert not [value for value in FULL.values() if value in shown]


def test_an_empty_field_is_not_even_named() -> None:
    assert repr(ContactData("Zofia", "zofia@example.org")) == "<ContactData first_name email>"


def test_a_traceback_of_a_refused_form_holds_nothing_that_was_typed() -> None:
    typed = {name: f"{value}\x00" for name, value in FULL.items()}
    with pytest.raises(FieldsRefused) as refusal:
        parse(typed, ALL, TODAY)
    shown = "".join(traceback.format_exception(refusal.value))
    assert not [value for value in FULL.values() if value in shown]
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_a_contact_cannot_be_changed() -> None:
    contact = ContactData("Zofia", "zofia@example.org")
    with pytest.raises(FrozenInstanceError):
        contact.email = "other@example.org"  # type: ignore[misc]
    assert not hasattr(contact, "__dict__")


def test_a_contact_cannot_be_put_in_a_job_a_cache_or_a_session() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(ContactData("Zofia", "zofia@example.org"))
