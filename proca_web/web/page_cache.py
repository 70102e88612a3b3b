"""A short memory for public pages: each is rendered at most once in two seconds and process, whoever asks.

While the database is away, what was rendered in the last ten minutes is shown, as proxies are told they may.

Only answers that are the same for everybody are kept; a page with what somebody typed never is. What is kept is also
kept compressed: nothing in it is secret, so its length may be known, which a page with typed text could not afford.
"""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from flask import Flask, Request, Response, current_app, g, request

from proca_web.adapters.alive import trouble
from proca_web.domain.errors import Unavailable

_EXTENSION = "proca_page_cache"
SECONDS = 2.0
STALE_SECONDS = 600.0
MOST_PAGES = 500
SHORTEST_ZIPPED = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is the same for everybody: its bytes, the same compressed where that is shorter, and its ETag."""

    body: bytes
    zipped: bytes | None
    etag: str
    mimetype: str
    status: int = 200

    @classmethod
    def of(cls, body: bytes, mimetype: str, *, level: int = 6, status: int = 200) -> "Kept":
        """Hash and compress once."""
        # No time in the header: the same bytes compress to the same bytes on every machine.
        zipped = gzip.compress(body, level, mtime=0) if len(body) >= SHORTEST_ZIPPED else body
        shorter = zipped if len(zipped) < len(body) else None
        return cls(body, shorter, hashlib.sha256(body).hexdigest()[:20], mimetype, status)

    def answer(self, asked: Request, cache_control: str) -> Response:
        """200 in the form this browser reads, or 304 for who has it already."""
        if self.status != 200:  # kept here only: elsewhere it would outlive its cause
            return Response(self.body, self.status, mimetype=self.mimetype)
        encodings = asked.headers.get("Accept-Encoding")
        zipped = self.zipped if encodings and asked.accept_encodings.quality("gzip") > 0 else None
        etag = self.etag if zipped is None else f"{self.etag}-gz"
        headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding", "ETag": f'"{etag}"'}
        if "If-None-Match" in asked.headers and asked.if_none_match.contains_weak(etag):
            return Response(status=304, headers=headers)
        if zipped is None:
            return Response(self.body, mimetype=self.mimetype, headers=headers)
        return Response(zipped, mimetype=self.mimetype, headers={**headers, "Content-Encoding": "gzip"})


Memory = dict[str, tuple[float, float, Kept]]  # until when, since when, what


def init_app(app: Flask) -> None:
    """Begin with nothing kept."""
    app.extensions[_EXTENSION] = Memory()


def serve(
    key: str, render: Callable[[], str | tuple[str, int]], *, max_age: int, mimetype: str = "text/html"
) -> Response:
    """The rendered page (with a status, if not 200) with an ETag; 304 for who has it already."""
    now, memory = monotonic(), _memory(current_app)
    until, made, kept = memory.get(key, (0.0, 0.0, None))
    if kept is None or until < now:
        try:
            rendered = _for_everybody(render)
        except Unavailable as error:
            if kept is None or kept.status != 200 or made + STALE_SECONDS < now:
                raise
            trouble.met(current_app, error)
            current_app.logger.error("unavailable: %s; shown as it was: %s", error.what, request.url_rule)
        else:
            body, status = rendered if isinstance(rendered, tuple) else (rendered, 200)
            kept, made = Kept.of(body.encode(), mimetype, status=status), now
        if len(memory) >= MOST_PAGES:
            memory.clear()
        memory[key] = (now + SECONDS, made, kept)
    return kept.answer(request, f"public, max-age={max_age}, stale-while-revalidate=30, stale-if-error=600")


def _for_everybody(render: Callable[[], str | tuple[str, int]]) -> str | tuple[str, int]:
    """In the language it names, or the site's, never in that of the browser that happened to ask first."""
    g.locale = current_app.extensions["proca_settings"].site.language
    try:
        return render()
    except Exception:  # what is said instead is kept nowhere
        g.pop("locale")
        raise


def forget(app: Flask) -> None:
    """Drop everything: somebody changed a page in this process and wants to see it."""
    _memory(app).clear()


def _memory(app: Flask) -> Memory:
    memory: Memory = app.extensions[_EXTENSION]
    return memory
