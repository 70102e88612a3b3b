"""A stylesheet in one scheme, for a preview: what the device prefers is not asked."""

from flask.testing import FlaskClient


def test_a_stylesheet_can_be_had_in_one_scheme(client: FlaskClient) -> None:
    whole = client.get("/static/css/site.css").text
    dark, light = (client.get(f"/static/css/site.css?scheme={scheme}").text for scheme in ("dark", "light"))
    assert "prefers-color-scheme" in whole
    assert "prefers-color-scheme" not in dark + light
    assert dark.count("@media all") == light.count("@media not all") == whole.count("prefers-color-scheme")
    assert client.get("/static/css/site.css?scheme=neon").text == whole
