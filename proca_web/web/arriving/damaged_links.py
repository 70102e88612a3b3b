"""Links as mail programs, chats and fingers leave them: what hangs on to them is set aside.

Decided by the form of a path alone, before a route or a database is asked. A token has a known length, and a petition's
name small letters, so there is no other meaning.
"""

import re
from urllib.parse import quote

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound

from proca_web.crypto.boxes.transient_seal import TOKEN_BYTES
from proca_web.domain.errors import LinkCut
from proca_web.domain.people import characters
from proca_web.web.security import hide_referrer

TOKEN_LENGTH = -(-TOKEN_BYTES * 4 // 3)
REMEMBERED_SECONDS = 3600
_PETITION = "p"
_WITH_TOKEN = ("confirm", "withdraw")
_OF_A_TOKEN = ("reject", "unblock", "mails")
_OF_A_PAGE = ("sign", "thanks", "check-inbox", "count.json")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A quoted-printable line that was broken and never joined; and whatever is no part of a token or a name.
_BROKEN = re.compile(r"=\s*\n|\s")
_AROUND = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$")
_BEFORE_TOKEN = re.compile(r"^[^A-Za-z0-9_-]+")
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}")


def init_app(app: Flask) -> None:
    """Lead damaged links to what they meant; comes before access is asked."""
    app.before_request(_find_its_way)


def mended(path: str) -> str | None:
    """The path that a damaged one meant, or the same; None where nobody can tell. Raises LinkCut for half a token."""
    first, *rest = path.lstrip("/").split("/")
    kind = first.lower()
    if kind in _WITH_TOKEN and rest:
        return _of_token(kind, rest)
    if kind == _PETITION and rest:
        return _of_page(rest)
    return None


def _of_token(kind: str, parts: list[str]) -> str:
    typed = _BEFORE_TOKEN.sub("", _BROKEN.sub("", characters.visible(parts[0])))
    token = _TOKEN.match(typed)
    if token is None:
        raise LinkCut
    return "/".join(("", kind, token[0], *_known(parts[1:], _OF_A_TOKEN)))


def _of_page(parts: list[str]) -> str | None:
    name = _AROUND.sub("", characters.visible(parts[0])).lower()
    return "/".join(("", _PETITION, name, *_known(parts[1:], _OF_A_PAGE))) if _NAME.fullmatch(name) else None


def _known(parts: list[str], known: tuple[str, ...]) -> list[str]:
    """What follows, without the marks around it; marks alone are nothing."""
    words = [_AROUND.sub("", characters.visible(part)) for part in parts]
    return [word.lower() if word.lower() in known else word for word in words if word]


def _find_its_way() -> Response | None:
    path = request.path
    if not characters.is_text(path):
        return None
    meant = mended(path) or _without_what_hangs_on(path)
    if meant is None or meant == path:
        return None
    return _lead_to(meant)


def _without_what_hangs_on(path: str) -> str | None:
    """Any other path that leads nowhere, if it leads somewhere without its end or in small letters."""
    if not isinstance(request.routing_exception, NotFound):
        return None
    bare = re.sub(r"[^A-Za-z0-9]+$", "", characters.visible(path))
    return next((try_ for try_ in (bare, bare.lower()) if try_ != path and _leads_somewhere(try_)), None)


def _leads_somewhere(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and not adapter.match(path, method=request.method)[1]
    except HTTPException:
        return False


def _lead_to(path: str) -> Response:
    query = request.query_string.decode("latin-1")
    where = quote(path) + (f"?{query}" if query else "")
    answer = Response(status=301 if request.method in ("GET", "HEAD") else 308, headers={"Location": where})
    if path.split("/")[1] == _PETITION:
        answer.headers["Cache-Control"] = f"public, max-age={REMEMBERED_SECONDS}"
        return answer
    return hide_referrer(answer)
