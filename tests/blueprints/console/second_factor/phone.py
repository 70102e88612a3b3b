"""Somebody's phone that shows codes: RFC 6238 by the standard library alone, so that it is no copy of the server's."""

import base64
import hmac
import html
import re
from dataclasses import dataclass

from flask.testing import FlaskClient

from proca_web.adapters import clock
from tests.factories import PASSWORD, form_token

SET_UP, CODES, STEP_UP = "/account/second-step/app", "/account/second-step/codes", "/account/step-up"


@dataclass
class Phone:
    """A phone that read the picture, and what its owner keeps on paper."""

    secret: bytes
    email: str = ""

    def code(self, steps: int = 0) -> str:
        """What it shows now; or so many half minutes later."""
        counter = int(clock.now().timestamp()) // 30 + steps
        mac = hmac.digest(self.secret, counter.to_bytes(8, "big"), "sha1")
        at = mac[-1] & 15
        return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def reading(page: str) -> Phone:
    """A phone that read the page's secret."""
    found = re.search(r'id="typed">([A-Z2-7 ]+)<', page)
    assert found, page
    return Phone(base64.b32decode(found[1].replace(" ", "")))


def post(client: FlaskClient, path: str, at: str = "", **fields: str):
    """Send a form with the token of the page it stands on."""
    return client.post(path, data={"csrf_token": form_token(client, at or path), **fields})


def set_up(client: FlaskClient) -> tuple[Phone, list[str]]:
    """Set up a phone in a browser that is signed in; the phone, and the ten recovery codes."""
    phone = reading(client.get(SET_UP).text)
    done = post(client, SET_UP, code=phone.code())
    assert done.status_code == 303, done.text
    shown = client.get(done.location).text
    return phone, re.findall(r"<li><code>([0-9A-Z-]{9})</code>", html.unescape(shown))


def password_only(client: FlaskClient, email: str):
    """The first half of signing in."""
    return client.post("/login", data={"csrf_token": form_token(client), "email": email, "password": PASSWORD})


def sign_in(client: FlaskClient, email: str, code: str):
    """Both halves; the answer to the code."""
    asked = password_only(client, email)
    assert (asked.status_code, asked.location) == (303, "/login/code")
    return post(client, "/login/code", code=code)
