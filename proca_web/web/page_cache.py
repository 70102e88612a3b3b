"""A short memory for public pages: each is rendered at most once in two seconds and process, whoever asks.

Only answers that are the same for everybody are kept; a page with what somebody typed never is.
"""

import hashlib
from collections.abc import Callable
from time import monotonic

from flask import Response, request

SECONDS = 2.0
MOST_PAGES = 500
_kept: dict[tuple[int, str], tuple[float, bytes, str]] = {}


def serve(app_id: int, key: str, render: Callable[[], str], *, max_age: int, mimetype: str = "text/html") -> Response:
    """The rendered page with an ETag; 304 for who has it already."""
    now = monotonic()
    kept = _kept.get((app_id, key))
    if kept is None or kept[0] < now:
        body = render().encode()
        kept = (now + SECONDS, body, hashlib.sha256(body).hexdigest()[:20])
        if len(_kept) >= MOST_PAGES:
            _kept.clear()
        _kept[app_id, key] = kept
    _, body, etag = kept
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = f"public, max-age={max_age}, stale-while-revalidate=30, stale-if-error=600"
    response.set_etag(etag)
    return response.make_conditional(request)


def forget() -> None:
    """Drop everything: somebody changed a page in this process and wants to see it."""
    _kept.clear()
