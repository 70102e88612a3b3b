"""What every app of a test run makes alike is made once a process: compiled templates, addresses and statements.

Only results are kept that depend on nothing but what they are kept by; a test sees the same app, sooner.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from tests.worker import Browser


class _Compiled(BytecodeCache):
    """Templates by their names, however many apps load them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def _builders_by_rule() -> None:
    """How a rule's address is built depends on the rule's text alone, unless it has defaults."""
    kept: dict[tuple[str, bool, bool], Callable[..., Any]] = {}
    compile_builder = Rule._compile_builder

    def compile_once(self: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        assert self.map is not None
        if self.defaults:
            return compile_builder(self, append_unknown)
        key = (self.rule, self.map.host_matching, append_unknown)
        if key not in kept:
            kept[key] = compile_builder(self, append_unknown)
        return kept[key]

    Rule._compile_builder = compile_once  # type: ignore[method-assign]  # there is no other door


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
    _builders_by_rule()
    _statements_by_dialect()
