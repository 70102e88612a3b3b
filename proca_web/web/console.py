"""A page of the console: whose it is, and where else one may go."""

from collections.abc import Mapping

from flask import Response, g, make_response, render_template
from flask_login import current_user


def page(template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """Render a page of `g.org`'s console for whoever is signed in."""
    shown = render_template(template, org=g.org, places=current_user.memberships, **values)
    return make_response(shown, status)
