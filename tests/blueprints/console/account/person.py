"""Somebody with an account, in front of a browser; and what is mailed to them about it."""

import re
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient

from tests.factories import PASSWORD, World, form_token

OWNER = "admin@org-one.example.org"
NEW = "quiet bridge over seven lakes"
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass
class Person:
    """A browser that knows nobody yet, at a place on the network."""

    world: World
    email: str = OWNER
    address: str = "203.0.113.5"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.world.app.test_client()

    @property
    def _at(self) -> dict[str, Any]:
        return {"environ_base": {"REMOTE_ADDR": self.address}, "headers": FIREFOX}

    def get(self, path: str) -> Any:
        """Open a page."""
        return self.client.get(path, **self._at)

    def post(self, path: str, form_at: str = "/login", **fields: str) -> Any:
        """Send a form that was opened before."""
        token = form_token(self.client, form_at)
        return self.client.post(path, data={"csrf_token": token, **fields}, **self._at)

    def sign_in(self, password: str = PASSWORD, email: str = "") -> Any:
        """Send the sign-in form."""
        return self.post("/login", email=email or self.email, password=password)

    def act(self, path: str, **fields: str) -> Any:
        """Send a form of the account pages."""
        return self.post(path, "/account/", **fields)

    def is_in(self) -> bool:
        """Whether the console opens."""
        return self.get("/account/").status_code == 200


def mails(world: World, to: str = OWNER, about: str = "") -> list[str]:
    """What was mailed there, with that in its subject, oldest first."""
    world.run("mail")
    return [mail["text"] for mail in world.mails() if mail["to"] == to and about in mail["subject"]]


def links(world: World, to: str = OWNER) -> list[str]:
    """The links of an account that were mailed there, oldest first."""
    return re.findall(r"/(?:reset|account/address)/[A-Za-z0-9_-]{43}", "\n".join(mails(world, to)))


def events(world: World) -> list[str]:
    """What stands in the record of org-one, oldest first."""
    found = world.query(
        "SELECT event FROM audit_entries WHERE org_id = (SELECT id FROM orgs WHERE name = 'org-one') ORDER BY id"
    )
    return [event for (event,) in found if event.startswith("account-")]
