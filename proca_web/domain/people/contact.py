"""A supporter's personal data as a type: made by `parse`, gone once it is sealed.

It is never logged, flashed, put in a cookie, URL, exception text, job or broker message; its repr shows names only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NoReturn

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.people import text

# The basic schema in the order a form shows it; the comment is handled by its own policy.
FIELDS = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "country",
    "postcode",
    "street",
    "street_number",
    "locality",
    "region",
    "birth_date",
)
ALWAYS_REQUIRED = frozenset({"first_name", "email"})
_MISSING = {
    "first_name": N_("Enter your first name."),
    "last_name": N_("Enter your last name."),
    "email": N_("Enter your e-mail address, like anna@example.org."),
    "phone": N_("Enter your telephone number."),
    "country": N_("Choose your country."),
    "postcode": N_("Enter your postcode."),
    "street": N_("Enter your street."),
    "street_number": N_("Enter your house number."),
    "locality": N_("Enter your town."),
    "region": N_("Enter your region."),
    "birth_date": N_("Enter your date of birth, as year-month-day."),
}


@dataclass(frozen=True, slots=True, repr=False)
class ContactData:
    """What a supporter typed, validated and normalised. Empty text means not given."""

    first_name: str
    email: str
    last_name: str = ""
    phone: str = ""
    country: str = ""
    postcode: str = ""
    street: str = ""
    street_number: str = ""
    locality: str = ""
    region: str = ""
    birth_date: str = ""
    comment: str = ""

    def items(self) -> Iterator[tuple[str, str]]:
        """The given fields with their values."""
        return ((name, value) for name in self.__slots__ if (value := getattr(self, name)))

    def __repr__(self) -> str:
        return f"<ContactData {' '.join(name for name, _ in self.items())}>"

    def __reduce__(self) -> NoReturn:
        """No job, cache or session may hold one."""
        raise TypeError("personal data is not pickled")


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """What a page asks for: its fields, which are required, and what happens with a comment (off, sealed, public)."""

    asked: tuple[str, ...]
    required: frozenset[str] = ALWAYS_REQUIRED
    comment: str = "off"


def parse(form: Mapping[str, str], policy: FieldPolicy, today: date) -> tuple[ContactData, str]:
    """Form fields to a contact and the public comment. Fields the page does not ask for are ignored.

    Raises FieldsRefused with one message a field; the caller shows the form again with what was typed.
    """
    faults: dict[str, Message] = {}
    values: dict[str, str] = {}
    country = _country(form) if "country" in policy.asked else ""
    for name in policy.asked:
        _take(name, _rule(name, country, today), form, values, faults)
        if name in policy.required and name not in faults and not values.get(name):
            faults[name] = Message(_MISSING[name])
    comment = _comment(form, policy, faults)
    if faults:
        raise FieldsRefused(faults)
    if policy.comment == "sealed":
        return ContactData(**values, comment=comment), ""
    return ContactData(**values), comment


def _country(form: Mapping[str, str]) -> str:
    """The country whose postcodes are looked at; what is wrong with it is said at its own field."""
    try:
        return text.country(form.get("country", ""))
    except text.Refused:
        return ""


def _comment(form: Mapping[str, str], policy: FieldPolicy, faults: dict[str, Message]) -> str:
    values: dict[str, str] = {}
    if policy.comment != "off":
        public = policy.comment == "public"
        _take("comment", lambda typed: text.comment(typed, public=public), form, values, faults)
    return values.get("comment", "")


def _take(
    name: str,
    rule: Callable[[str], str],
    form: Mapping[str, str],
    values: dict[str, str],
    faults: dict[str, Message],
) -> None:
    try:
        values[name] = rule(form.get(name, ""))
    except text.Refused as refusal:
        faults[name] = refusal.message


_RULES: dict[str, Callable[[str], str]] = {
    "first_name": text.name,
    "last_name": text.name,
    "email": text.email,
    "phone": text.phone,
    "country": text.country,
    "street": partial(text.clean, longest=128),
    "street_number": partial(text.clean, longest=16),
    "locality": partial(text.clean, longest=64),
    "region": partial(text.clean, longest=64),
}


def _rule(name: str, country: str, today: date) -> Callable[[str], str]:
    if name == "postcode":
        return lambda typed: text.postcode(typed, country or None)
    if name == "birth_date":
        return lambda typed: text.birth_date(typed, today)
    return _RULES[name]
