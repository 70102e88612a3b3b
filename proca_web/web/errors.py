"""Named refusals become HTTP here and nowhere else: what is wrong, where, and what to do; never a traceback."""

from collections.abc import Sequence

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext, ngettext
from werkzeug.exceptions import HTTPException

from proca_web.adapters import logs
from proca_web.adapters.alive import trouble
from proca_web.crypto.keys.key_log import KEY_LOG_ALARM
from proca_web.domain.errors import (
    AccountLinkOver,
    CampaignKeyMissing,
    CampaignNotFound,
    CannotSealNow,
    GuardDamaged,
    KeyLogBroken,
    KeyNotFound,
    LinkCut,
    NoActiveKey,
    PageNotFound,
    PageNotOpen,
    SecretGiven,
    TooManyTries,
    Unavailable,
    UnknownToken,
)
from proca_web.domain.pages.stops import Stop
from proca_web.web import console, error_words
from proca_web.web.arriving import old_addresses
from proca_web.web.htmx import wants_fragment, wants_json
from proca_web.web.login import is_staff_path
from proca_web.web.security import hide_referrer

RETRY_AFTER_SECONDS = 10
# Forms that ask for no token and hold no password: the next page may hold what was typed.
_SENT_AGAIN = frozenset({"action_page.sign", "confirm.confirm", "confirm.reject", "confirm.unblock"})


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(PageNotFound, lambda _: old_addresses.lead_on() or answer(404))
    for nothing in (CampaignNotFound, KeyNotFound):
        app.register_error_handler(nothing, lambda _: answer(404))
    app.register_error_handler(PageNotOpen, _page_not_open)
    app.register_error_handler(UnknownToken, unknown_token)
    app.register_error_handler(AccountLinkOver, lambda _: account_link_over())
    app.register_error_handler(TooManyTries, lambda error: wait(answer(429, advice=waiting(error)), error))
    app.register_error_handler(LinkCut, _link_cut)
    for refusal in (NoActiveKey, CannotSealNow, CampaignKeyMissing, GuardDamaged):
        app.register_error_handler(refusal, _unavailable)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(SecretGiven, _secret_given)
    app.register_error_handler(KeyLogBroken, _log_broken)
    app.register_error_handler(Exception, _unexpected)


def answer(
    status: int,
    title: str | None = None,
    advice: str | None = None,
    template: str = "errors/page.html",
    *,
    make_key: bool = False,
    typed: Sequence[tuple[str, str]] = (),
) -> Response:
    """An error as a page, as a fragment for htmx, or as JSON; `make_key`: a new key is the next step.

    `typed`: fields of a form that cannot be sent, and what stands in them, to be copied.
    """
    shown = {
        "title": title or gettext(error_words.TITLES.get(status, error_words.TITLES[500]).text),
        "advice": advice or gettext(error_words.ADVICE.get(status, error_words.ADVICE[400]).text),
        "status": status,
        "make_key": make_key,
        "typed": typed,
    }
    if wants_json():
        response = make_response({"error": f"{shown['title']}. {shown['advice']}", "field": None}, status)
    else:
        response = make_response(_rendered(shown, status, template), status)
    response.vary.add("HX-Request")
    if wants_fragment():  # beside the form, so that what was typed stays
        response.headers["HX-Retarget"] = "#notice"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _rendered(shown: dict[str, object], status: int, template: str) -> str:
    """Beside the form for htmx, in the console for whoever was there, else as a page of the public site."""
    if wants_fragment():
        return render_template("errors/_notice.html", **shown)
    # Who is signed in is asked of the database only where that is not what failed.
    may_ask = template == "errors/page.html" and (status < 500 or "org" in g)
    frame = console.frame() if may_ask else None
    return render_template("errors/console.html" if frame else template, **shown, **(frame or {}))


def _http(error: HTTPException) -> Response:
    of_staff = error.code == 413 and is_staff_path(request.path)
    response = answer(error.code or 500, advice=gettext(error_words.TOO_LARGE) if of_staff else None)
    for name, value in error.get_headers():
        if name in ("Retry-After", "Allow"):
            response.headers[name] = value
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _page_not_open(error: PageNotOpen) -> Response:
    why = error_words.NOT_OPEN.get(str(error), error_words.NOT_OPEN[Stop.CLOSED])
    return answer(410, gettext("This petition takes no signatures now"), gettext(why.text))


def unknown_token(_: UnknownToken) -> Response:
    """410, in words that hold wherever it is asked."""
    return answer(
        410,
        gettext("This link is no longer valid"),
        gettext("Nothing is held under it. If you want to sign, please open the petition and sign again."),
    )


def account_link_over() -> Response:
    """A link that was mailed to staff opens nothing; the way to another one is on the page."""
    return answer(
        410,
        gettext("This link is no longer valid"),
        gettext("It was used, or it is too old, or a newer one was asked for. Nothing was changed."),
        template="errors/account.html",
    )


def waiting(error: TooManyTries) -> str:
    """How long somebody has to wait who tried too often."""
    minutes = -int(-error.wait.total_seconds() // 60)
    text: str = ngettext(
        "That was tried too often, one time after the other. Please wait a minute.",
        "That was tried too often, one time after the other. Please wait %(num)s minutes.",
        minutes,
    )
    return text


def wait(response: Response, error: TooManyTries) -> Response:
    """Say when to try again."""
    response.headers["Retry-After"] = str(int(error.wait.total_seconds()) + 1)
    return response


def _link_cut(_: LinkCut) -> Response:
    return hide_referrer(
        answer(
            410,
            gettext("This link is not complete"),
            gettext(
                "A part of it is missing; some mail programs break long lines. Please copy the whole of it from the "
                "mail, from https to its last letter, and open it again."
            ),
        )
    )


def _unavailable(error: Exception) -> Response:
    current_app.logger.critical("refused to store a signature: %s %s", type(error).__name__, request.url_rule)
    return answer(503)


def unavailable(error: Unavailable) -> Response:
    """503 and when to come back; where a form was sent, the next page holds what was typed and can send it again."""
    tell_unavailable(error)
    can_send_again = request.method == "POST" and request.endpoint in _SENT_AGAIN
    response = answer(503, template="errors/again.html" if can_send_again else "errors/page.html")
    return come_back(response)


def come_back(response: Response) -> Response:
    """Say when to try again."""
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def words(status: int) -> dict[str, str]:
    """What is said of a status: a title, and what to do."""
    return {"title": gettext(error_words.TITLES[status].text), "advice": gettext(error_words.ADVICE[status].text)}


def tell_unavailable(error: Unavailable) -> None:
    """One line a fault: what failed and on which route, nothing of who asked; and an alarm, once one can be written."""
    g.is_away = True  # what is read for every page is not asked of it once more
    trouble.met(current_app, error)
    current_app.logger.critical("unavailable: %s on %s", error.what, request.url_rule)


def _secret_given(_: SecretGiven) -> Response:
    # Logged nowhere, not even that it happened: a log line would say when to look for it elsewhere.
    return answer(
        400,
        gettext("That looked like a secret"),
        gettext(
            "Nothing of it was stored. But it left your computer: treat that key as disclosed, make a new one, and "
            "revoke this one if it is active. Only public keys, fingerprints and proofs belong here."
        ),
        make_key=True,
    )


def _log_broken(error: KeyLogBroken) -> Response:
    current_app.logger.critical("key log: %s", error)
    response = answer(503, gettext("The list of keys cannot be shown"), gettext("The operator has been told."))
    response.headers[KEY_LOG_ALARM] = "changed"
    return response


def _unexpected(error: Exception) -> Response:
    logs.unexpected(current_app.logger, error, request.url_rule)
    return answer(500)
