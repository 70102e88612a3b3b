"""An SMTP server for tests of what is sent."""

from collections.abc import Iterator

import pytest

from tests import smtp_sink
from tests.smtp_sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A plain SMTP server that takes everything until told otherwise."""
    made = Sink()
    controller = smtp_sink.start(made)
    yield made
    controller.stop()
