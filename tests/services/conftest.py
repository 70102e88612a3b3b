"""Services are tested through the world: a real app, real rows, and time moved by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading
from proca_web.adapters.keyring import keyring_of
from proca_web.crypto.encoding import encode
from proca_web.services.sealing import worker_keys
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


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who sees which session waits for which."""
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def waiting_token(world: World) -> bytes:
    """The token of the oldest signature that waits to be mailed, as only the worker could open it."""

    ((seal,),) = world.query("SELECT wait_seal FROM transients WHERE state = 'to_send' ORDER BY action_id LIMIT 1")
    with world.app.app_context(), reading() as session, worker_keys.opener(session, keyring_of(world.app)) as opener:
        opened = opener.open(bytes(seal))
    assert opened is not None
    return opened.token


def confirm_path(token: bytes) -> str:
    """The path a token is mailed as."""

    return f"/confirm/{encode(token)}"
