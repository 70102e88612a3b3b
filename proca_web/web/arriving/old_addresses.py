"""An address that a page had before leads to the one it has, whatever stands under it; the query goes along."""

from flask import Response, redirect, request, url_for

from proca_web.adapters.database import reading
from proca_web.services.petitions.making import slugs
from proca_web.web.login import is_staff_path

SECONDS = 300


def lead_on() -> Response | None:
    """301 for who reads, 308 for who sends, so that what was sent arrives; None: no page ever had this address."""
    route = request.url_rule
    values = dict(request.view_args or {})
    if route is None or "page" not in values or is_staff_path(route.rule):  # the console knows pages by their name
        return None
    with reading() as session:
        slug = slugs.now_at(session, values.pop("page"))
    if slug is None:
        return None
    query = request.query_string.decode("ascii", "ignore")
    place = url_for(route.endpoint, page=slug, **values) + (f"?{query}" if query else "")
    response: Response = redirect(place, 301 if request.method in ("GET", "HEAD") else 308)  # type: ignore[assignment]  # Flask's own class
    # A page may take an earlier address back: nobody should remember for good that it led elsewhere.
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    return response
