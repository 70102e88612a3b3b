"""Slips of the finger in mail domains are asked about, with the address as it was probably meant."""

import pytest

from proca_web.domain.errors import AddressDoubted
from proca_web.domain.people.mistyped import _MEANT, settle, suggestion


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("zofia@gmial.com", "zofia@gmail.com"),
        ("zofia@GMIAL.com", "zofia@gmail.com"),
        ("Zofia.K+x@gmail.con", "Zofia.K+x@gmail.com"),
        ("zofia@googlemail.con", "zofia@googlemail.com"),
        ("zofia@hotmal.com", "zofia@hotmail.com"),
        ("zofia@yaho.com", "zofia@yahoo.com"),
        ("zofia@outlok.com", "zofia@outlook.com"),
        ("zofia@iclod.com", "zofia@icloud.com"),
        ("zofia@gmx.ed", "zofia@gmx.de"),
    ],
)
def test_a_slip_is_asked_about_with_the_same_name_before_the_at_sign(typed: str, meant: str) -> None:
    assert suggestion(typed) == meant


@pytest.mark.parametrize(
    "typed", ["zofia@gmail.com", "zofia@example.org", "zofia@gmial.com.example.org", "gmial@example.org", "zofia", ""]
)
def test_other_addresses_are_not_asked_about(typed: str) -> None:
    assert suggestion(typed) is None


def test_about_forty_slips_are_known() -> None:
    assert 40 <= len(_MEANT) <= 50


def test_what_was_meant_is_never_itself_a_slip() -> None:
    assert not set(_MEANT.values()) & set(_MEANT)


SLIP, MEANT = "anna@gmial.com", "anna@gmail.com"


@pytest.mark.parametrize(
    ("address", "kept", "fix", "used"),
    [
        ("anna@example.org", "", "", "anna@example.org"),
        (SLIP, SLIP, "", SLIP),
        (SLIP, "", MEANT, MEANT),
        (SLIP, SLIP, MEANT, MEANT),
        ("anna@example.org", SLIP, MEANT, MEANT),
        ("anna@example.org", "", "victim@example.org", "anna@example.org"),
    ],
)
def test_what_was_asked_about_once_is_taken_as_it_was_answered(address: str, kept: str, fix: str, used: str) -> None:
    assert settle(address, kept=kept, fix=fix) == used


@pytest.mark.parametrize(
    ("kept", "fix"), [("", ""), ("other@gmial.com", ""), ("", "victim@example.org"), (MEANT, "victim@example.org")]
)
def test_a_slip_that_was_not_asked_about_yet_is_doubted(kept: str, fix: str) -> None:
    with pytest.raises(AddressDoubted) as doubted:
        settle(SLIP, kept=kept, fix=fix)
    assert (doubted.value.address, doubted.value.meant) == (SLIP, MEANT)
    assert "anna" not in str(doubted.value) + repr(doubted.value)
