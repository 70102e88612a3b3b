"""Slips of the finger in mail domains are asked about, with the address as it was probably meant."""

import pytest

from proca_web.domain.people.mistyped import _MEANT, suggestion


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
