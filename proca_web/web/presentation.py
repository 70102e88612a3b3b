"""What templates share: language, numbers and days, static file addresses, and the version in the footer."""

import json
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any

from babel import Locale, dates, negotiate_locale
from flask import Flask, current_app, g, request, url_for
from flask_babel import format_decimal, get_locale, gettext, ngettext
from markupsafe import Markup, escape

from proca_web.adapters.alive.banner import banner
from proca_web.adapters.drawing import qr
from proca_web.adapters.mail import routes
from proca_web.config.site import SiteSettings
from proca_web.domain.messages import LANGUAGES, STAFF_LANGUAGES, Message
from proca_web.domain.pages import sharing
from proca_web.domain.people.countries import COUNTRIES
from proca_web.web import collation, static_files
from proca_web.web.login import is_staff_path

_WORLD_ENGLISH = Locale.parse("en_150")
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur", "yi", "ps", "ckb"}


def init_app(app: Flask) -> None:
    """Make filters and globals known to Jinja."""
    app.jinja_env.filters.update(
        number=format_decimal,
        day=day,
        moment=moment,
        duration=duration,
        translated=translated,
        woven=woven,
        isolated=isolated,
        isolating=isolating,
        parsed=json.loads,
        language_name=language_name,
    )
    app.jinja_env.globals.update(
        _=gettext,
        gettext=gettext,
        ngettext=ngettext,
        asset=asset,
        banner=banner,
        countries=countries,
        language=language,
        language_name=language_name,
        direction=direction,
        ways_to_share=sharing.ways,
        qr=qr.picture_of,
        mail_sender=lambda org: routes.of(current_app, org.name).address(org.mail_from),
        version=version("proca-web"),
    )
    # Settings hold secrets; a template has no business with them.
    app.jinja_env.globals.pop("config", None)
    app.context_processor(
        lambda: {
            "public_url": app.config["PUBLIC_URL"],
            "is_demo": bool(app.config["MAILBOX_DIR"]),
            "site": app.extensions["proca_settings"].site,
            "second_step_is_off": app.config["SECOND_STEP_IS_OFF"],
        }
    )


def locale() -> str:
    """The language of this answer: the page's, or the reader's own; else the browser's.

    Pages that are kept for everybody never come as far as the browser: they name their language, or the site's.
    """
    chosen: str | None = g.get("locale")
    if chosen is None and request:
        offered, otherwise = (STAFF_LANGUAGES, "en") if is_staff_path(request.path) else (LANGUAGES, site_language())
        chosen = negotiate_locale(request.accept_languages.values(), offered, sep="-") or otherwise
    return chosen or "en"


def site_language() -> str:
    """The language of what is nobody's page: the home page, the list of keys."""
    site: SiteSettings = current_app.extensions["proca_settings"].site
    return site.language


def language_name(tag: str) -> str:
    """A language by its own name."""
    name = Locale.parse(tag, sep="-").get_display_name() or tag
    return name[:1].upper() + name[1:]


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


def woven(sentence: str, **parts: str) -> Markup:
    """A translated sentence with its parts in their places; whatever is not markup already is escaped."""
    return escape(sentence) % parts


def isolated(text: str) -> Markup:
    """A name within a sentence; one that runs the other way than the page stands apart, so its marks stay by it."""
    return Markup("<bdi>{}</bdi>").format(text) if _runs_the_other_way(text) else escape(text)


def isolating(text: str, names: Iterable[str]) -> Markup:
    """A text that is kept word for word, with the names in it isolated."""
    foreign = sorted({name for name in names if name and _runs_the_other_way(name)}, key=len, reverse=True)
    if not foreign:
        return escape(text)
    pieces = re.split(f"({'|'.join(map(re.escape, foreign))})", text)
    return Markup("").join(isolated(piece) if piece in foreign else escape(piece) for piece in pieces)


def _runs_the_other_way(text: str) -> bool:
    other = ("L",) if direction() == "rtl" else ("R", "AL")
    return any(unicodedata.bidirectional(character) in other for character in text)


def day(when: date, style: str = "long") -> str:
    """A day as people write it."""
    text: str = dates.format_date(when, style, locale=_of_dates())
    return text


def moment(when: datetime) -> str:
    """A day and time without seconds, UTC; the page says so beside it."""
    locale, moment = _of_dates(), when.astimezone(UTC)
    date, time = dates.format_date(moment, "medium", locale=locale), dates.format_time(moment, "short", locale=locale)
    return str(dates.get_datetime_format("medium", locale=locale)).format(time, date)


def duration(time: timedelta) -> str:
    """So many minutes, hours or days, rounded down: what is told to people is never longer than it is."""
    seconds = time.total_seconds()
    unit = next((unit for unit in (86400, 3600, 60) if seconds >= 2 * unit), 60)
    whole = timedelta(seconds=seconds // unit * unit)
    text: str = dates.format_timedelta(whole, threshold=2, locale=_of_dates())
    return text


def _of_dates() -> Locale:
    """The locale of the page; English that names no country writes dates as most of the world does."""
    locale = get_locale() or Locale("en")
    return _WORLD_ENGLISH if str(locale) == "en" else locale


def asset(path: str) -> str:
    """The address of a static file with its content's hash, so that browsers may keep it for a year."""
    return url_for("static", filename=path, v=static_files.version(path))


def countries() -> list[tuple[str, str]]:
    """Country codes with names in the language of the page, sorted as that language sorts."""
    return _country_names(language())


@cache
def _country_names(tag: str) -> list[tuple[str, str]]:
    names: Any = Locale.parse(tag, sep="-").territories
    key = collation.key(tag)
    return sorted(((code, names.get(code, code)) for code in COUNTRIES), key=lambda pair: key(pair[1]))
