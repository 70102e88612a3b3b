"""A language is offered when every text that supporters read is translated, each with what is put into it."""

import itertools
import re
from collections.abc import Sequence

import pytest
from babel.messages.catalog import Message
from flask import Flask
from flask_babel import force_locale, ngettext

from proca_web.adapters.files.catalogue import Speaking
from proca_web.domain.messages import LANGUAGES
from tests.translations.catalogues import PUT_IN, TRANSLATED, catalogue, plurals, texts

NUMBERS = (0, 1, 2, 5, 21, 10**6)
# What the form of each number is in words, by language.
ONES = {"en": {1}, "de": {1}}


@pytest.fixture(params=TRANSLATED)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def translations(language: str) -> list[tuple[str, str]]:
    """Each text beside its translation, each plural form beside the English plural."""
    pairs: list[tuple[str, str]] = []
    for message in messages(language):
        if isinstance(message.id, tuple):
            pairs += [(message.id[min(n, 1)], form) for n, form in enumerate(message.string)]
        else:
            pairs.append((message.id, message.string))
    return pairs


def messages(language: str) -> Sequence[Message]:
    return [message for message in catalogue(language) if message.id]


def test_every_text_is_translated_and_nothing_else_is(language: str) -> None:
    there = {message.id for message in messages(language)}
    assert {text: file for text, file in texts().items() if text not in there} == {}, "missing"
    assert there - texts().keys() == set(), "no longer there"
    assert [message.id for message in messages(language) if message.fuzzy] == []
    assert not catalogue(language).obsolete
    assert [text for text, said in translations(language) if not said] == []


def test_what_is_put_in_stays_and_so_do_marks(language: str) -> None:
    assert [
        (text, said)
        for text, said in translations(language)
        if sorted(PUT_IN.findall(text)) != sorted(PUT_IN.findall(said))
    ] == []


def test_spaces_at_the_ends_stay(language: str) -> None:
    def ends(text: str) -> tuple[str, str]:
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    assert [(text, said) for text, said in translations(language) if ends(text) != ends(said)] == []


def test_a_sentence_stays_a_sentence(language: str) -> None:
    """Its last mark too, since some stand before another sentence, a name or a link."""
    assert [
        (text, said)
        for text, said in translations(language)
        if (text[-1] in ".:?!,…") != (said[-1] in ".:?!,…") and not said.endswith("/ .")
    ] == []


def test_german_is_written_as_it_is_printed() -> None:
    for _, said in translations("de"):
        assert not re.search(r"[“\"][A-ZÄÖÜa-z%]|'[a-z]", said), said  # „so“
        assert "E-Mail" not in said, said  # the line is never broken there: U+2011
        assert not re.search(r"\b(du|dein|deine|dir|dich|euch|euer)\b", said, re.IGNORECASE), said
        assert not re.search(r"  |\.\.\.", said), said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_its_form(language: str) -> None:
    """English for the whole house, others for what supporters read."""
    app = Flask(__name__)
    Speaking(app)
    read = [text for text in plurals() if language == "en" or text in texts()]
    assert len(read) >= 3
    for text, number in itertools.product(read, NUMBERS):
        values = {name: number for name in re.findall(r"%\((\w+)\)", "".join(text)) if name != "num"}
        with app.test_request_context(), force_locale(language):
            said = ngettext(text[0], text[1], number, **values)
        forms = text if language == "en" else catalogue(language)[text].string
        form = forms[0 if number in ONES[language] else 1]
        assert said == form % (values | {"num": number})
        assert str(number) in said or "%(" not in form
