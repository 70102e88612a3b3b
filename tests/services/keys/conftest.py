"""Here it is asked what happens to keys; what the key log says of records once a day is asked in `test_record`."""

import pytest

from proca_web.services.staff import record_heads


@pytest.fixture(autouse=True)
def _nothing_new_in_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_heads, "is_due", lambda *_: False)
