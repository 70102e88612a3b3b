"""Addresses of our pages as people outside see them: on PROCA_PUBLIC_URL, whatever name a request came to.

Made from the routes, so that a mail leads where the site is; works outside of a request too.
"""

from flask import Flask


def url(app: Flask, endpoint: str, **values: str | int) -> str:
    """The full address of a route."""
    origin: str = app.config["PUBLIC_URL"]
    return origin + app.url_map.bind("localhost").build(endpoint, values)
