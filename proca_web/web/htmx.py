"""One truth, two deliveries: a whole page, or the fragment of it that htmx asked for."""

from collections.abc import Mapping

from flask import Response, make_response, render_template, request


def wants_fragment() -> bool:
    """Whether htmx asks; decided on its header alone."""
    return request.headers.get("HX-Request") == "true"


def wants_json() -> bool:
    """Whether a script asks: it prefers JSON to a page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def page_or_fragment(page: str, fragment: str, values: Mapping[str, object], status: int = 200) -> Response:
    """Render the page, or the fragment it includes, for whoever asks."""
    response = make_response(render_template(fragment if wants_fragment() else page, **values), status)
    response.vary.add("HX-Request")
    return response


def see_other(location: str) -> Response:
    """303: the form was taken, look there."""
    return Response(status=303, headers={"Location": location})
