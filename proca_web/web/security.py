"""What every answer carries, and which posts are refused: the browser is told to trust this origin only."""

from flask import Flask, Request, Response, abort, request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
_HSTS = "max-age=63072000; includeSubDomains"


def init_app(app: Flask, *, https: bool) -> None:
    """Put the headers on every response that does not set its own."""
    headers = [*_HEADERS.items(), *([("Strict-Transport-Security", _HSTS)] if https else [])]

    @app.after_request
    def _protect(response: Response) -> Response:
        for name, value in headers:
            response.headers.setdefault(name, value)
        return response


def refuse_foreign_post(public_url: str, *, with_token: bool = False) -> None:
    """Abort with 403 when a browser says that this post comes from another site.

    `Sec-Fetch-Site` decides where it is sent; else `Origin`, if sent, must be ours. No cookie, no token needed.
    """
    if not is_own_post(request, public_url, with_token=with_token):
        abort(403)


def is_own_post(incoming: Request, public_url: str, *, with_token: bool = False) -> bool:
    """Whether a post comes from our own pages, or from no browser page at all."""
    site = incoming.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = incoming.headers.get("Origin")
    if with_token and origin == "null":  # a browser that tells nobody where it was; the form's token decides
        return True
    return origin is None or origin in (public_url, incoming.host_url.rstrip("/"))


def hide_referrer(response: Response) -> Response:
    """For pages whose address is a secret: neither the next page nor a search engine learns it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
