"""Imports point down only, and every floor keeps to what it may know."""

import ast
import subprocess
import sys

import pytest

from tests.house.source import PACKAGE, floor, imports, modules, name, tree

# What each floor may import from the others.
BELOW = {
    "proca_web": set(),
    "__main__": {"cli"},
    "assets": set(),
    "crypto": set(),
    "domain": set(),
    "models": {"domain"},
    "services": {"models", "domain", "crypto"},
    "config": {"crypto"},
    "adapters": {"services", "models", "domain", "crypto", "config", "assets"},
    "jobs": {"adapters", "services", "models", "domain", "crypto"},
    "web": {"adapters", "services", "models", "domain", "crypto", "config", "assets"},
    "extensions": {"web", "adapters"},
    "blueprints": {"extensions", "web", "adapters", "services", "models", "domain", "crypto"},
    "app": {"blueprints", "extensions", "jobs", "web", "adapters", "services", "domain", "crypto", "config", "assets"},
    "cli": {"app", "extensions", "jobs", "adapters", "services", "models", "domain", "crypto", "config", "assets"},
    "org_tool": {"domain", "crypto"},
}
FRAMEWORKS = {
    "flask",
    "flask_sqlalchemy",
    "flask_login",
    "flask_babel",
    "flask_mail",
    "flask_wtf",
    "flask_migrate",
    "werkzeug",
    "jinja2",
}
NOT_BELOW = {
    "crypto": FRAMEWORKS | {"sqlalchemy", "email_validator"},
    "domain": FRAMEWORKS | {"sqlalchemy", "nacl"},
    "models": FRAMEWORKS | {"nacl"},
    "services": FRAMEWORKS,
    "org_tool": FRAMEWORKS | {"sqlalchemy", "email_validator", "babel", "huey"},
}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_imports_point_down_only(path) -> None:
    own = floor(name(path))
    for imported in imports(path):
        if imported.split(".")[0] == "proca_web":
            other = floor(imported)
            allowed = BELOW[own] | {own}
            assert other in allowed, f"{name(path)} imports {imported}"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_floor_knows_a_framework_above_it(path) -> None:
    forbidden = NOT_BELOW.get(floor(name(path)), set())
    used = {imported.split(".")[0] for imported in imports(path)}
    assert not used & forbidden


def test_a_blueprint_imports_no_other() -> None:
    for path in (PACKAGE / "blueprints").glob("*.py"):
        if path.stem != "__init__":
            assert not [module for module in imports(path) if module.startswith("proca_web.blueprints")], path


def test_the_package_itself_imports_nothing() -> None:
    assert not list(imports(PACKAGE / "__init__.py"))


def test_only_one_room_touches_libsodium_memory() -> None:
    users = [name(path) for path in modules() if any(module.startswith("nacl._sodium") for module in imports(path))]
    assert users == ["proca_web.crypto.memory"]


@pytest.mark.parametrize("path", [*(PACKAGE / "services").glob("*.py"), *(PACKAGE / "models").glob("*.py")], ids=name)
def test_services_never_commit_and_models_hold_no_behaviour(path) -> None:
    calls = {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"commit", "rollback"}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_services_read_no_environment(path) -> None:
    if floor(name(path)) in ("services", "models", "domain", "crypto", "blueprints", "web"):
        assert "os.environ" not in path.read_text("utf-8")
        assert "getenv" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", modules(), ids=name)
def test_nobody_in_the_server_opens_a_copy(path) -> None:
    own = floor(name(path))
    if own not in ("blueprints", "services", "cli", "app", "web") or name(path) == "proca_web.adapters.encryption":
        return
    calls = {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"decrypt", "open_box"}


def test_no_module_is_named_for_having_no_subject() -> None:
    names = {path.stem for path in modules()}
    assert not names & {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base_service"}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_room_says_what_it_is_for(path) -> None:
    assert ast.get_docstring(tree(path))


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_room_grows_beyond_what_can_be_read_at_once(path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", modules(), ids=name)
def test_no_function_grows_beyond_a_screen(path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 42, f"{node.name} in {name(path)}"


def test_the_orgs_tool_runs_without_flask_and_sqlalchemy() -> None:
    code = (
        "import sys, proca_web.org_tool.cli; "
        "print([m for m in ('flask', 'sqlalchemy', 'email_validator', 'babel', 'huey') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
