"""A browser that somebody signed in with is known again by a cookie of its own, which only sign-in pages are sent.

It opens nothing: who comes with it is made to wait for their own wrong passwords alone, and is no news to the holder.
"""

from werkzeug.wrappers import Request, Response

from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError
from proca_web.services.staff.account import devices
from proca_web.services.staff.account.devices import Caller
from proca_web.web.arriving import client

PATHS = ("/login", "/forgot")
SECONDS = int(devices.FORGOTTEN_AFTER.total_seconds())


def caller(request: Request, proxies: int, *, https: bool) -> Caller:
    """Where a sign-in comes from: a network, and a browser, if it is known at all."""
    told = client.of(request, proxies)
    return Caller(told.network if told.is_known else b"", _token(request.cookies.get(_name(https), "")))


def keep(response: Response, token: str, *, https: bool) -> Response:
    """Have the browser keep what it is known by."""
    options = {"secure": https, "httponly": True, "samesite": "Lax"}
    for path in PATHS:
        response.set_cookie(_name(https), token, max_age=SECONDS, path=path, **options)  # type: ignore[arg-type]
    return response


def _name(https: bool) -> str:
    return "__Secure-browser" if https else "browser"


def _token(told: str) -> str:
    """What the cookie says, if it is one of ours."""
    try:
        decode(told, devices.TOKEN_BYTES)
    except EncodingError:
        return ""
    return told
