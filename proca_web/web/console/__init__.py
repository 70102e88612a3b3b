"""A page of the console: whose it is, and where else one may go. What is refused there is shown in the same frame."""

from collections.abc import Mapping

from flask import Response, abort, g, make_response, render_template, request
from flask_login import current_user

from proca_web.models import Org
from proca_web.web.login import is_staff_path


def page(template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """Render a page of `g.org`'s console for whoever is signed in."""
    return make_response(render_template(template, **_of(g.org), **values), status)


def own_page(template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """Render a page about whoever is signed in, in the frame of their first org; 404 for those who work for none."""
    around = frame()
    if around is None:
        abort(404)
    return make_response(render_template(template, **around, **values), status)


def frame() -> dict[str, object] | None:
    """What the frame needs where a request was refused; None: not in the console, or nobody is signed in."""
    if not is_staff_path(request.path) or not current_user.is_authenticated:
        return None
    places = current_user.memberships
    return _of(g.get("org") or places[0].org) if places else None


def _of(org: Org) -> dict[str, object]:
    """The frame's own: whose console it is, what this person may do there, and where else they have a place."""
    return {"org": org, "places": current_user.memberships, "may": current_user.rights_in(org)}
