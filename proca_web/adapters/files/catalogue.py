"""The catalogues of what supporters read, compiled in memory from the .po files when a language is first spoken.

No file is written: the .po in the tree is the only one there is, so it cannot be older than what was compiled of it.
"""

import io
from functools import cache, cached_property

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

from proca_web.assets import ASSETS

FOLDER = ASSETS / "translations"


class Speaking(Babel):
    """Flask-Babel with the catalogues of this house."""

    @cached_property
    def domain_instance(self) -> Domain:
        """Where gettext looks texts up."""
        return Catalogues()


class Catalogues(Domain):
    """Each language by its .po; English is what the texts are written in."""

    def get_translations(self) -> NullTranslations:
        """Those of the language that is spoken now."""
        locale = get_locale()
        return compiled(locale.language if locale else "en")


@cache
def compiled(language: str) -> NullTranslations:
    """The catalogue of a language, read once in a process: some 30 ms."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Translations(binary)
