"""Static files from memory, compressed once: under an address with their own hash browsers keep them for a year.

Only files below `static/` are ever opened, each once a process; what a visitor sends never reaches the file system.
"""

import hashlib
import mimetypes
import re
from functools import cache
from posixpath import normpath

from flask import Flask, Response, abort, request

from proca_web.assets import ASSETS
from proca_web.web.access import public
from proca_web.web.page_cache import Kept

STATIC = ASSETS / "static"
FOR_A_YEAR = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "public, max-age=3600"
SCHEMES = ("light", "dark")
_ASKS_FOR_SCHEME = re.compile(rb"@media(?: only screen and)? ?\(prefers-color-scheme: ?(light|dark)\)")
# What browsers need to be told whatever the machine's own list of types says.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def init_app(app: Flask) -> None:
    """Serve /static/<path> in place of Flask's own route, under the same endpoint name."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=serve)


@public
def serve(filename: str) -> Response:
    """One file; kept for a year when `v` is its own hash."""
    name = normpath(filename)  # one spelling a file, so that memory holds each once
    if name not in _names():
        abort(404)
    own = request.args.get("v") == version(name)
    scheme = request.args.get("scheme", "")
    kept = _in_scheme(name, scheme) if scheme in SCHEMES and name.endswith(".css") else _file(name)
    return kept.answer(request, FOR_A_YEAR if own else FOR_AN_HOUR)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@cache
def version(filename: str) -> str:
    """The beginning of a file's hash, for its address."""
    return hashlib.sha256(_file(filename).body).hexdigest()[:12]


@cache
def _in_scheme(filename: str, scheme: str) -> Kept:
    """A stylesheet as a device shows it that prefers light, or dark, whatever this one prefers: for previews."""
    own, other = b"@media all", b"@media not all"
    body = _ASKS_FOR_SCHEME.sub(lambda asks: own if asks[1].decode() == scheme else other, _file(filename).body)
    return Kept.of(body, _TYPES[".css"], level=9)


@cache
def _file(filename: str) -> Kept:
    path = STATIC / filename
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Kept.of(path.read_bytes(), _TYPES.get(path.suffix, guessed), level=9)
