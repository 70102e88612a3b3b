"""Services are tested through the world: a real app, real rows, and time moved by hand."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import encode
from tests.factories import World

State = Callable[[], str | None]


@pytest.fixture
def signed(world: World, client: FlaskClient) -> bytes:
    """One signature on `trees`, its mail not sent yet; the link's token, opened from what waits."""
    assert world.sign(client, opt_in="yes").status_code == 303
    return waiting_token(world)


@pytest.fixture
def state(world: World) -> State:
    """The state of the only transient, or None when it is gone."""

    def read() -> str | None:
        rows = world.query("SELECT state FROM transients")
        assert len(rows) <= 1
        return rows[0][0] if rows else None

    return read


def waiting_token(world: World) -> bytes:
    """The token of the oldest signature that waits to be mailed, as only the worker could open it."""

    ((key, seal),) = world.query(
        "SELECT wait_key, wait_seal FROM transients WHERE state = 'to_send' ORDER BY action_id LIMIT 1"
    )
    opened = transient_seal.open_waiting(world.app.extensions["proca_keyring"].transient(key), bytes(seal))
    return opened.token


def confirm_path(token: bytes) -> str:
    """The path a token is mailed as."""

    return f"/confirm/{encode(token)}"
