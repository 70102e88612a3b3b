"""What a test run makes alike is made once a process: compiled templates, addresses, statements, derived passphrases.

Only results are kept that depend on nothing but what they are kept by; a test sees the same app, sooner.
"""

import gc
from functools import cache
from types import CodeType
from typing import Any

from flask import Flask
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader
from jinja2.bccache import Bucket
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule

from proca_web.assets import ASSETS
from proca_web.crypto.keys import keyfile
from proca_web.web import presentation
from tests.worker import Browser


class _Compiled(FileSystemBytecodeCache):
    """Templates by their names and texts, however many apps and processes load them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            super().load_bytecode(bucket)
            self._kept[bucket.key, bucket.checksum] = bucket.code

    def dump_bytecode(self, bucket: Bucket) -> None:
        super().dump_bytecode(bucket)
        self._kept[bucket.key, bucket.checksum] = bucket.code


def _texts_by_template() -> None:
    """The templates of the checkout stay as they are while tests run; those that a test wrote are read each time."""
    read_anew, kept = FileSystemLoader.get_source, dict[str, Any]()

    def get_source(self: FileSystemLoader, environment: Environment, template: str) -> Any:
        if self.searchpath != [str(ASSETS / "templates")]:
            return read_anew(self, environment, template)
        if template not in kept:
            kept[template] = (*read_anew(self, environment, template)[:2], lambda: True)
        return kept[template]

    FileSystemLoader.get_source = get_source  # type: ignore[method-assign]


def _addresses_by_rule() -> None:
    """How a rule's address is read and built depends on the rule's text alone, unless it has defaults."""
    kept: dict[tuple[object, ...], Any] = {}
    compile_anew = Rule.compile

    def compile_once(self: Any) -> None:
        key = (self.rule, self.host, self.subdomain, self.map.host_matching, self.merge_slashes)
        made = None if self.defaults else kept.get(key)
        if made is None:
            compile_anew(self)
            if not self.defaults:
                kept[key] = self
            return
        self._parts, self._trace, self._converters = made._parts, made._trace, made._converters
        self.arguments |= made.arguments
        self._build, self._build_unknown = (
            built.__func__.__get__(self, None) for built in (made._build, made._build_unknown)
        )

    Rule.compile = compile_once  # type: ignore[method-assign]  # there is no other door


class _Routes:
    """Apps of ours that add the same routes in the same order share the map of them; any other has its own."""

    LAST = "static"

    def __init__(self) -> None:
        self._add = Flask.add_url_rule
        self._known: list[tuple[Any, ...]] = []
        self._map: Map | None = None

    def share(self) -> None:
        """From here on."""

        def add_url_rule(
            app: Any, rule: str, endpoint: Any = None, view: Any = None, *more: Any, **options: Any
        ) -> None:
            if "view_func" in options:
                view = options.pop("view_func")
            self._one_more(app, (rule, endpoint, view, more, options))

        Flask.add_url_rule = add_url_rule  # type: ignore[method-assign]

    def _one_more(self, app: Any, route: tuple[Any, ...]) -> None:
        added = app.__dict__.setdefault("_routes", [])
        added.append(route)
        if app.__dict__.get("_is_alike", self._map is not None):
            app._is_alike = len(added) <= len(self._known) and self._known[len(added) - 1] == route
            if not app._is_alike:
                self._part(app)
            else:
                app.view_functions[route[1]] = route[2]
                if len(added) == len(self._known):
                    app.url_map = self._map
        else:
            self._to_map(app, route)
            if self._map is None and route[1] == self.LAST:
                self._known, self._map, app._is_alike = list(added), app.url_map, True

    def _part(self, app: Any) -> None:
        """It is not alike after all."""
        if app.url_map is self._map:
            converters = app.url_map.converters
            app.url_map = app.url_map_class()
            app.url_map.converters |= converters
        app.view_functions.clear()
        for route in app._routes:
            self._to_map(app, route)

    def _to_map(self, app: Any, route: tuple[Any, ...]) -> None:
        rule, endpoint, view, more, options = route
        self._add(app, rule, endpoint, view, *more, **options)


def _statements_by_dialect() -> None:
    """Engines of one kind compile a statement alike, so they are one as keys of what was compiled."""
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign,misc,assignment]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign,misc,assignment]
    kept: LRUCache[Any, Any] = LRUCache(2000)
    Engine._compiled_cache = property(lambda _self: kept, lambda _self, _own: None)  # type: ignore[assignment]


def keep() -> None:
    """From here on, for all apps of this process."""
    Flask.jinja_options = {"bytecode_cache": _Compiled()}
    Flask.test_client_class = Browser
    _texts_by_template()
    _addresses_by_rule()
    _Routes().share()
    _statements_by_dialect()
    presentation.version = cache(presentation.version)
    # A passphrase is slow on purpose; under one salt it always gives the same.
    keyfile._derive = cache(keyfile._derive)


def look_past() -> None:
    """What is there by now, the tests themselves above all, stays: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
