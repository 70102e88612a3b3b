"""The product's refusals have one root and carry no personal data."""

import inspect
import traceback

import pytest

from proca_web.domain import errors
from proca_web.domain.errors import FieldsRefused, ProcaError
from proca_web.domain.messages import Message

REFUSALS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_has_the_same_root_and_says_what_it_is(kind: type[Exception]) -> None:
    assert issubclass(kind, ProcaError)
    assert kind.__doc__


def test_refused_fields_show_names_only() -> None:
    refusal = FieldsRefused({"last_name": Message("Too long."), "email": Message("Not one address.")})
    assert str(refusal) == "email, last_name"
    assert "".join(traceback.format_exception(refusal)).endswith("FieldsRefused: email, last_name\n")


def test_the_faults_of_refused_fields_are_the_refusals_own() -> None:
    given = {"email": Message("Not one address.")}
    refusal = FieldsRefused(given)
    given.clear()
    assert refusal.faults == {"email": Message("Not one address.")}
