"""The words of a mail: what may be put in, what is refused with a sentence, and how a text is cut into blocks."""

import pytest

from proca_web.domain.campaign_words import PageMail
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages import mail_words
from proca_web.domain.pages.mail_words import Look, Piece

CONFIRM, THANKS = PageMail.CONFIRM, PageMail.THANK_YOU
BODY = "Hello {first_name},\n\n{confirm_link}\n\nyours, {org}"


def refusal(field: str, typed: str, kind: PageMail = CONFIRM) -> str:
    """What is said at a field."""
    fields = {"subject": "Please confirm", "preheader": "", "body": BODY} | {field: typed}
    with pytest.raises(FieldsRefused) as refused:
        mail_words.checked(kind, **fields)
    assert list(refused.value.faults) == [field]
    message = refused.value.faults[field]
    return message.text % message.values if message.values else message.text


def body(typed: str, kind: PageMail = CONFIRM) -> str:
    return mail_words.checked(kind, "Please confirm", "", typed).body


def looks(typed: str, empty: tuple[str, ...] = ()) -> list[tuple[Look, int]]:
    return [(block.look, len(block.lines)) for block in mail_words.blocks(typed, empty)]


def test_what_is_suggested_passes_as_it_is() -> None:
    for kind in PageMail:
        for repeat in (False, True):
            words = mail_words.suggested(kind, lambda text: text, repeat=repeat)
            assert mail_words.checked(kind, words.subject, words.preheader, words.body) == words


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (
            "body",
            "{confirm_link}\n\n{nickname}",
            "There is no {nickname}. You can put in: {confirm_link}, {first_name},",
        ),
        ("body", "{confirm_link} {number}", "There is no {number}."),
        ("body", "{confirm_link}\n{}", "There is no {}."),
        ("body", "{confirm_link}\n{0.__class__}", "There is no {0.__class__}."),
        ("body", "{confirm_link}\n a } b", "A brace stands alone here."),
        ("body", "{confirm_link}\n a { b", "A brace stands alone here."),
        ("body", "Hello {first_name}", "Please put in {confirm_link}: without it nobody can confirm."),
        ("body", "Press {confirm_link} now", "on a line of its own"),
        ("body", "{confirm_link}\n\n{confirm_link}", "Please put {confirm_link} once"),
        ("body", "", "Please write something here"),
        ("body", "{confirm_link}\n" + "x" * 10_000, "at most 4000 characters"),
        ("body", "{confirm_link}\n<script>alert(1)</script>", "without HTML"),
        ("body", "{confirm_link}\nbell \x07", "control characters"),
        ("subject", "x" * 121, "at most 120 characters"),
        ("subject", "Press {confirm_link}", "A link can stand in the text only."),
        ("subject", " ", "Please write something here"),
        ("preheader", "{signature_link}", "There is no {signature_link}."),
    ],
)
def test_what_does_not_pass_is_said_at_its_field(field: str, typed: str, said: str) -> None:
    assert said in refusal(field, typed)


def test_every_field_that_does_not_pass_is_named_at_once() -> None:
    with pytest.raises(FieldsRefused) as refused:
        mail_words.checked(CONFIRM, "", "{x}", "")
    assert set(refused.value.faults) == {"subject", "preheader", "body"}


def test_a_subject_is_one_line_whatever_is_typed() -> None:
    words = mail_words.checked(CONFIRM, "Hello\r\nBcc: evil@example.org", "", BODY)
    assert words.subject == "Hello Bcc: evil@example.org"


def test_two_braces_spaces_and_capitals_mean_the_same() -> None:
    assert body("{{ First_Name }}\r\n{ confirm_link }") == "{first_name}\n{confirm_link}"


def test_a_thank_you_needs_no_link_of_the_orgs() -> None:
    assert body("Thank you, {first_name}! We are {number}.", THANKS)


def test_a_link_on_a_line_of_its_own_is_a_button_wherever_that_line_is() -> None:
    assert looks("above\n{confirm_link}\nbelow\nand on") == [(Look.TEXT, 1), (Look.BUTTON, 1), (Look.TEXT, 2)]


def test_the_petition_is_set_apart_and_what_it_does_not_have_is_left_out() -> None:
    text = "{addressee}\n{title}\n{demand}\n\nTo {addressee}.\n\n{addressee}"
    assert looks(text) == [(Look.PETITION, 3), (Look.TEXT, 1), (Look.PETITION, 1)]
    assert looks(text, ("addressee",)) == [(Look.PETITION, 2), (Look.TEXT, 1)]


def test_a_web_address_is_one_without_the_marks_after_it() -> None:
    assert mail_words.pieces("See https://example.org/a?b=c, or {title}.") == [
        Piece("See "),
        Piece("https://example.org/a?b=c", is_address=True),
        Piece(", or "),
        Piece(variable="title"),
        Piece("."),
    ]


@pytest.mark.parametrize("typed", ["javascript:alert(1)", "mailto:a@example.org", "https://", "www.example.org"])
def test_nothing_else_becomes_an_address(typed: str) -> None:
    assert mail_words.pieces(typed) == [Piece(typed)]
