"""What adapters speak to: an SMTP server, and a PostgreSQL that can go away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from proca_web.app import create_app
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from tests import factories, proxy, smtp_sink
from tests.databases import POSTGRES, Postgres, Templates
from tests.factories import World
from tests.proxy import Proxy
from tests.smtp_sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A plain SMTP server that takes everything until told otherwise."""
    made = Sink()
    controller = smtp_sink.start(made)
    yield made
    controller.stop()


@pytest.fixture
def postgres_proxy() -> Iterator[Proxy]:
    """Our own way to the server that others use as well."""
    url = make_url(POSTGRES)
    with proxy.between(url.host or "127.0.0.1", url.port or 5432) as made:
        yield made


@pytest.fixture
def behind(postgres: Postgres, postgres_proxy: Proxy, tmp_path: Path, templates: Templates) -> Iterator[World]:
    """The demo's world, on PostgreSQL behind the proxy."""
    url = make_url(postgres.begin(tmp_path, world=True)).set(
        host="127.0.0.1", port=postgres_proxy.port, query={"application_name": "proca_faults"}
    )
    settings = factories.settings(tmp_path, url.render_as_string(hide_password=False))
    (settings.data_dir / "mailbox").mkdir(exist_ok=True)
    Keyring(settings.keyring_dir).prepare()
    app = create_app(settings, check=False)
    yield World(app, dict(templates.secrets))
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()
