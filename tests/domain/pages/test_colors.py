"""Whatever colour an org picks, what is drawn in it stands out, and nothing is written in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.pages import colors

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("typed", "read"),
    [("#0B6E4F", "#0b6e4f"), ("0b6e4f", "#0b6e4f"), ("#abc", "#aabbcc"), (" #fff ", "#ffffff"), ("", ""), ("  ", "")],
)
def test_a_colour_is_read_as_people_write_it(typed: str, read: str) -> None:
    assert colors.parse(typed) == read


@pytest.mark.parametrize("typed", ["green", "#12", "#12345", "#1234567", "rgb(0,0,0)", "#0b6e4f;}", "url(x)", "#٣٣٣"])
def test_what_is_no_colour_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match="no colour"):
        colors.parse(typed)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colors.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colors.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(color=COLORS)
def test_every_colour_stands_out_on_light_and_on_dark_pages(color: str) -> None:
    shown = colors.shades(color)
    assert colors.contrast(shown.light, colors.ON_LIGHT) >= colors.LEAST
    assert colors.contrast(shown.dark, colors.ON_DARK) >= colors.LEAST
    assert colors.contrast(shown.light, shown.ink_light) >= 4.5
    assert colors.contrast(shown.dark, shown.ink_dark) >= 4.5


def test_a_colour_that_stands_out_is_shown_as_it_is() -> None:
    assert colors.shades("#b0521c") == colors.Shades("#b0521c", "#b0521c")
    assert colors.shades("") == colors.shades(colors.OF_SITE)


def test_it_is_said_how_a_colour_is_shown() -> None:
    said = [message.text % message.values for message in colors.in_words("#ffff00")]
    assert said == [
        "On light pages it is shown darker: as it is it would hardly stand out (1.0 : 1).",
        "On dark pages it is shown as it is and stands out well (15.1 : 1).",
    ]
