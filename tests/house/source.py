"""Reads the project's own source once, so that the laws of the house can be tests that list their offenders."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "proca_web"


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the package."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def text(path: Path) -> str:
    """A file's text."""
    return path.read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """A parsed file."""
    return ast.parse(text(path), filename=str(path))


def nodes(path: Path) -> Iterable[ast.AST]:
    """Everything in a file."""
    return ast.walk(tree(path))


@cache
def name(path: Path) -> str:
    """`proca_web.services.signatures.signing` for a file; of a folder's `__init__` the folder's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> str:
    """The floor a module stands on: the folder below the package, or the module itself at its top."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "proca_web"


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module a file imports, also inside functions; relative names of the package spelled out."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (_module_of(f"{node.module}.{alias.name}", node.module) for alias in node.names)


def _module_of(full: str, parent: str) -> str:
    place = ROOT / Path(*full.split("."))
    return full if place.with_suffix(".py").exists() or (place / "__init__.py").exists() else parent


@cache
def words(path: Path) -> frozenset[str]:
    """Every name a file uses: names, attributes, and what `from … import` brings, also under another name."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names)
    return frozenset(found)


def calls(path: Path) -> Iterator[str]:
    """What a file calls, as written: `clock.now`, `session.commit`, `open_box`."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
