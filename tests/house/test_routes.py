"""Every route stands in this table with who may use it, and carries that decorator."""

import ast
from pathlib import Path

import pytest
from flask import Flask

from tests.house.source import PACKAGE, tree

PUBLIC, TOKEN, STAFF, MEMBER, DEMO = "public", "token_holder", "staff", "org_member", "demo_only"
TABLE = {
    ("GET", "/"): PUBLIC,
    ("GET", "/p/<page>"): PUBLIC,
    ("GET", "/p/<page>/sign"): PUBLIC,
    ("POST", "/p/<page>/sign"): PUBLIC,
    ("GET", "/p/<page>/check-inbox"): PUBLIC,
    ("GET", "/p/<page>/thanks"): PUBLIC,
    ("GET", "/p/<page>/count.json"): PUBLIC,
    ("GET", "/confirm/<token>"): TOKEN,
    ("POST", "/confirm/<token>"): TOKEN,
    ("POST", "/confirm/<token>/reject"): TOKEN,
    ("GET", "/consent/<wording_hash>.txt"): PUBLIC,
    ("GET", "/keys"): PUBLIC,
    ("GET", "/keys.json"): PUBLIC,
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/logout"): STAFF,
    ("GET", "/console/"): STAFF,
    ("GET", "/console/<org>/"): MEMBER,
    ("GET", "/console/<org>/campaigns"): MEMBER,
    ("GET", "/console/<org>/exports"): MEMBER,
    ("GET", "/console/<org>/exports/contacts.csv"): MEMBER,
    ("GET", "/health"): PUBLIC,
    ("GET", "/mailbox"): DEMO,
    ("GET", "/mailbox.json"): DEMO,
    ("GET", "/static/<path:filename>"): PUBLIC,
}
ACCESS = {PUBLIC, TOKEN, STAFF, MEMBER, DEMO}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str):
    from tests import factories

    return factories.settings(tmp_path, sqlite_url)


def test_the_table_is_the_url_map(app: Flask) -> None:
    found = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert found == set(TABLE)


def test_every_route_carries_the_access_decorator_of_the_table(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        blueprint, _, function = rule.endpoint.partition(".")
        decorators = decorators_of(blueprint, function)
        method = next(iter(rule.methods - {"HEAD", "OPTIONS"}))
        assert decorators & ACCESS == {TABLE[method, rule.rule]}, rule.endpoint


def decorators_of(blueprint: str, function: str) -> set[str]:
    """The names of a view's decorators, read from its source."""
    for node in ast.walk(tree(PACKAGE / "blueprints" / f"{blueprint}.py")):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
    raise AssertionError(f"{blueprint}.{function} not found")


@pytest.mark.parametrize("org", ["org-one", "org-two", "home", "nobody"])
@pytest.mark.parametrize("path", [rule for (method, rule), who in TABLE.items() if who == MEMBER and method == "GET"])
def test_members_see_their_org_and_nobody_elses(world, path: str, org: str) -> None:
    target = path.replace("<org>", org)
    assert world.app.test_client().get(target).status_code == 303
    own = world.signed_in("admin@org-one.example.org").get(target)
    assert own.status_code == (200 if org == "org-one" else 404)
