"""One name server for all tests of this folder, with keys of several lengths."""

from collections.abc import Iterator

import pytest

from tests.adapters.senders import name_server
from tests.adapters.senders.signing import DkimKey, new_key, txt


@pytest.fixture(scope="session")
def keys() -> dict[str, DkimKey]:
    """By selector: a usual key, one that is too short, one that is weak, and one that nobody publishes."""
    return {"s1": new_key(2048), "short": new_key(768), "weak": new_key(1024), "gone": new_key(1024)}


@pytest.fixture(scope="session")
def resolver(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, DkimKey]) -> Iterator[str]:
    """A name server for this worker."""
    published = "".join(
        txt(f"{selector}._domainkey.{domain}", key.record)
        for domain in ("good.example", "mail.good.example", "other.example", "bare.example")
        for selector, key in keys.items()
        if selector != "gone"
    )
    with name_server.serving(tmp_path_factory.mktemp("names"), name_server.WORLD + published) as where:
        yield where
