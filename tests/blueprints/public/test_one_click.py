"""A mail program's own "unsubscribe" button (RFC 8058) is about mails: it takes no signature back."""

import re

import pytest
from flask.testing import FlaskClient

from tests.factories import World

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def links(world: World) -> list[str]:
    """The two links by which a signature can be taken back."""
    found = re.search(r"/withdraw/[A-Za-z0-9_-]+", world.mails()[0]["text"])
    assert found is not None
    return [found[0], f"{world.link()}/reject"]


@pytest.mark.parametrize("is_confirmed", [False, True])
@pytest.mark.parametrize("place", [0, 1], ids=["withdraw", "reject"])
def test_one_click_takes_no_signature_back(world: World, client: FlaskClient, is_confirmed: bool, place: int) -> None:
    world.sign(client)
    world.run("mail")
    if is_confirmed:
        assert client.post(world.link()).status_code == 303
    before = world.query("SELECT * FROM actions"), world.query("SELECT count(*) FROM contacts")
    for encoding in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post(links(world)[place], data=ONE_CLICK, content_type=encoding)
        assert (answer.status_code, answer.data) == (200, b"")
    assert (world.query("SELECT * FROM actions"), world.query("SELECT count(*) FROM contacts")) == before
    assert client.post(links(world)[place]).status_code in (200, 303)
    assert world.query("SELECT count(*) FROM actions WHERE status <> 'withdrawn'") == [(0,)]
