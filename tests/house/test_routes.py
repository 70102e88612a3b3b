"""Every route stands in this table with who may use it, and carries that decorator."""

import ast
from pathlib import Path

import pytest
from flask import Flask

from tests.house.source import PACKAGE, tree

PUBLIC, TOKEN, STAFF, MEMBER, DEMO = "public", "token_holder", "staff", "org_member", "demo_only"
OWNER, OPERATOR = "org_owner", "operator"
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
    ("GET", "/keys/log.json"): PUBLIC,
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/logout"): STAFF,
    ("GET", "/console/"): STAFF,
    ("GET", "/console/<org>/"): MEMBER,
    ("GET", "/console/<org>/campaigns"): MEMBER,
    ("GET", "/console/<org>/exports"): MEMBER,
    ("GET", "/console/<org>/exports/contacts.csv"): MEMBER,
    ("GET", "/console/<org>/keys"): OWNER,
    ("GET", "/console/<org>/keys/new"): OWNER,
    ("POST", "/console/<org>/keys"): OWNER,
    ("GET", "/console/<org>/keys/<int:key_id>"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/challenge"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/answer"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/activate"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/approve"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/cancel"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/discard"): OWNER,
    ("POST", "/console/<org>/keys/<int:key_id>/revoke"): OWNER,
    ("POST", "/console/<org>/key-changes/<int:change_id>/approve"): OPERATOR,
    ("GET", "/health"): PUBLIC,
    ("GET", "/mailbox"): DEMO,
    ("GET", "/mailbox.json"): DEMO,
    ("GET", "/static/<path:filename>"): PUBLIC,
}
ACCESS = {PUBLIC, TOKEN, STAFF, MEMBER, OWNER, OPERATOR, DEMO}


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


def test_no_key_route_reads_what_looks_like_a_secret(app: Flask) -> None:
    paths = ("/keys", "/key-changes")
    rules = [rule for rule in app.url_map.iter_rules() if any(f"/console/<org>{path}" in rule.rule for path in paths)]
    bare = [rule.rule for rule in rules if "no_secrets" not in decorators_of(*rule.endpoint.split("."))]
    assert len(rules) == len([who for who in TABLE.values() if who in (OWNER, OPERATOR)])
    assert bare == []


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


@pytest.mark.parametrize("org", ["org-one", "org-two", "home", "nobody"])
@pytest.mark.parametrize(("method", "path"), [rule for rule, who in TABLE.items() if who in (OWNER, OPERATOR)])
def test_owners_act_for_their_org_alone(world, method: str, path: str, org: str) -> None:
    (own,) = world.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")
    target = path.replace("<org>", org).replace("<int:key_id>", str(own[0])).replace("<int:change_id>", "1")
    assert world.app.test_client().open(target, method=method).status_code == 303
    mine = TABLE[method, path] == OWNER and org == "org-one"
    answer = world.signed_in("admin@org-one.example.org").open(target, method=method)
    assert (answer.status_code == 404) is not mine  # a post without its form token is refused otherwise
    operator = world.signed_in("operator@example.org").open(target, method=method)
    assert (operator.status_code == 404) is not (TABLE[method, path] == OPERATOR and org == "home")
