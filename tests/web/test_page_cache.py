"""Pages that are kept for two seconds: each is rendered once meanwhile, and never so many that memory grows."""

import pytest
from flask import Flask

from proca_web.web import page_cache


def shown(app: Flask, key: str, text: str) -> str:
    with app.test_request_context("/"):
        return page_cache.serve(key, lambda: text, max_age=2).get_data(as_text=True)


def test_a_kept_page_is_shown_until_it_is_forgotten(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "monotonic", lambda: 1000.0)
    assert [shown(app, "page", text) for text in ("old", "new")] == ["old", "old"]
    page_cache.forget(app)
    assert shown(app, "page", "new") == "new"


def test_no_more_pages_are_kept_than_fit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "monotonic", lambda: 1000.0)
    monkeypatch.setattr(page_cache, "MOST_PAGES", 2)
    for key in ("one", "two", "three"):
        assert shown(app, key, key) == key
    assert [shown(app, key, "anew") for key in ("three", "one")] == ["three", "anew"]
