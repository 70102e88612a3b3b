"""What templates share: language, numbers, static file addresses, and the version in the footer."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, current_app, g, url_for
from flask_babel import get_locale, gettext, ngettext, numbers

from proca_web.assets import ASSETS
from proca_web.domain.countries import COUNTRIES
from proca_web.domain.messages import Message

_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur", "yi", "ps", "ckb"}


def init_app(app: Flask) -> None:
    """Make filters and globals known to Jinja."""
    app.jinja_env.filters["number"] = numbers.format_decimal
    app.jinja_env.filters["translated"] = translated
    app.jinja_env.globals.update(
        _=gettext,
        gettext=gettext,
        ngettext=ngettext,
        asset=asset,
        countries=countries,
        language=language,
        direction=direction,
        mail_sender=lambda: current_app.config["MAIL_DEFAULT_SENDER"],
        version=version("proca-web"),
    )
    # Settings hold secrets; a template has no business with them.
    app.jinja_env.globals.pop("config", None)
    app.context_processor(lambda: {"public_url": app.config["PUBLIC_URL"], "is_demo": bool(app.config["MAILBOX_DIR"])})


def locale() -> str:
    """The language of this answer: the page's own, else English."""
    chosen: str = g.get("locale", "en")
    return chosen


def language() -> str:
    """The language tag of the answer, for <html lang>."""
    return str(get_locale() or "en").replace("_", "-")


def direction() -> str:
    """Reading direction, for <html dir>."""
    return "rtl" if language().split("-")[0] in _RIGHT_TO_LEFT else "ltr"


def translated(message: Message) -> str:
    """A domain message in the language of the page."""
    text: str = gettext(message.text)
    return text % message.values if message.values else text


def asset(path: str) -> str:
    """The address of a static file with its content's hash, so that browsers may keep it for a year."""
    return url_for("static", filename=path, v=_digest(path))


def countries() -> list[tuple[str, str]]:
    """Country codes with names in the language of the page, sorted as people read them."""
    return _country_names(language())


@cache
def _country_names(tag: str) -> list[tuple[str, str]]:
    names: Any = Locale.parse(tag, sep="-").territories
    return sorted(((code, names.get(code, code)) for code in COUNTRIES), key=lambda pair: pair[1].casefold())


@cache
def _digest(path: str) -> str:
    return hashlib.sha256((Path(ASSETS) / "static" / path).read_bytes()).hexdigest()[:12]


def absolute(path: str) -> str:
    """An address of ours as other sites see it."""
    base: str = current_app.config["PUBLIC_URL"]
    return base + path
