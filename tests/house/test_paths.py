"""No template and no module types a path of ours: it is asked of the routes, so that each stands in one place."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from proca_web.config import Settings
from tests import factories
from tests.house.source import ROOT, modules, name, nodes, text

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.*") if path.is_file())
# Where paths are declared, not typed again. web/login decides by path which requests have a session, before routing; a
# cookie is kept for paths (web/arriving/known).
DECLARES = {"get", "post", "put", "patch", "delete", "route", "add_url_rule", "Blueprint", "NoSecrets"}
FLOORS = ("blueprints", "web", "adapters", "jobs", "services")
ALLOWED = {"proca_web.web.login", "proca_web.web.arriving.known"}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def typed_path(app: Flask) -> re.Pattern[str]:
    """The beginning of any path of ours, as a whole text or after the site's own address."""
    first = {re.escape(re.split(r"[/<]", route.rule[1:])[0]) for route in app.url_map.iter_rules()} - {""}
    return re.compile(rf"/({'|'.join(sorted(first, key=len, reverse=True))})?(?![\w.-])")


def test_the_pattern_knows_a_path_of_ours(typed_path: re.Pattern[str]) -> None:
    for path in ("/", "/p/", "/p/trees/sign", "/console/", "/keys", "/keys.json", "/login?next=x"):
        assert typed_path.match(path), path
    for other in ("/privacy", "/path", "console/keys/index.html", "https://example.org/p/"):
        assert not typed_path.match(other), other


def test_no_template_types_a_path_that_url_for_knows(typed_path: re.Pattern[str]) -> None:
    beginnings = re.compile(r"""(?<=["'}])(?=/)""")
    typed = [
        f"{path.relative_to(ROOT)}: {line.strip()[:120]}"
        for path in TEMPLATES
        for line in re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S).splitlines()
        for found in beginnings.finditer(line)
        if typed_path.match(line, found.start())
    ]
    assert typed == []


def test_no_module_types_a_path_that_url_for_knows(typed_path: re.Pattern[str]) -> None:
    typed = [
        f"{name(path)}: {value!r}"
        for path in modules()
        if name(path).split(".")[1:2] and name(path).split(".")[1] in FLOORS and name(path) not in ALLOWED
        for value in texts(path)
        if len(value) > 1 and typed_path.match(value)
    ]
    assert typed == []


def texts(path: Path) -> Iterator[str]:
    """Every text of a module that is no docstring and declares no route."""
    declared = {
        id(part)
        for node in nodes(path)
        if isinstance(node, ast.Call) and _called(node) in DECLARES
        for part in ast.walk(node)
    }
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in declared:
            yield node.value


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_every_endpoint_that_is_named_exists(app: Flask) -> None:
    named = re.compile(r"""(?:url_for\(|links\.url\(\w+(?:\.\w+)?, )f?["']([a-z_.{}]+)["']""")
    sources = [path.read_text() for path in TEMPLATES] + [text(path) for path in modules()]
    used = {endpoint for source in sources for endpoint in named.findall(source) if "{" not in endpoint}
    assert used - set(app.view_functions) == set()
    assert {"front.index", "confirm.show", "keys.index"} <= used
