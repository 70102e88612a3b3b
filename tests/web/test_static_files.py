"""Static files: those that are there and nothing else, whatever the name that is asked for."""

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    "name",
    [
        "a" * 5000,
        "css/" * 1500 + "site.css",
        "css",
        "css/",
        "../pyproject.toml",
        "%2e%2e/pyproject.toml",
        "css/site.css%00",
        "CSS/site.css",
        "%ff",
        "C:/site.css",
    ],
)
def test_no_other_name_reaches_a_file(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code in (301, 404)


def test_a_file_is_served_under_its_one_name(client: FlaskClient) -> None:
    response = client.get("/static/css/site.css")
    assert (response.status_code, response.mimetype) == (200, "text/css")
