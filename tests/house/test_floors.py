"""Imports point down only, every floor keeps to what it may know, and no room outgrows what can be read at once."""

import ast
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.house.source import PACKAGE, ROOT, calls, floor, imports, modules, name, nodes, text, tree, words

# What each floor may import from the others; the same order as in docs/architecture.md.
BELOW = {
    "proca_web": set(),
    "__main__": {"cli", "environment"},
    "environment": set(),
    "assets": set(),
    "crypto": set(),
    "domain": set(),
    "models": {"domain"},
    "services": {"models", "domain", "crypto"},
    "config": {"domain", "crypto"},
    "adapters": {"services", "models", "domain", "crypto", "config", "assets"},
    "jobs": {"adapters", "services", "models", "domain", "crypto"},
    "web": {"adapters", "services", "models", "domain", "crypto", "config", "assets"},
    "extensions": {"web", "adapters"},
    "blueprints": {"extensions", "web", "adapters", "services", "models", "domain", "crypto"},
    "app": {"blueprints", "extensions", "jobs", "web", "adapters", "services", "domain", "crypto", "config", "assets"},
    "cli": {"app", "extensions", "jobs", "adapters", "services", "models", "domain", "crypto", "config", "assets"},
    "org_tool": {"domain", "crypto"},
}
# Inside a floor: each subject may import those that stand right of it, and itself.
SUBJECTS = {
    "services": ("instance", "delivery", "signatures", "petitions", "keys", "sealing", "staff", "driver heartbeats"),
    "crypto": ("boxes", "keys", "audit_chain dkim rsa memory encoding labels errors"),
    "org_tool": ("cli", "commands", "opening", "watching", "reading", "keys", "files drafts errors"),
}
FRAMEWORKS = {
    "flask",
    "flask_sqlalchemy",
    "flask_login",
    "flask_babel",
    "flask_mail",
    "flask_wtf",
    "flask_migrate",
    "wtforms",
    "werkzeug",
    "jinja2",
}
NOT_BELOW = {
    "crypto": FRAMEWORKS | {"sqlalchemy", "email_validator"},
    "domain": FRAMEWORKS | {"sqlalchemy", "nacl"},
    "models": FRAMEWORKS | {"nacl"},
    "services": FRAMEWORKS,
    "jobs": {"flask_sqlalchemy", "flask_login", "flask_wtf", "werkzeug"},
    "org_tool": FRAMEWORKS | {"sqlalchemy", "email_validator", "babel", "huey"},
}
# Rooms that speak to the database driver itself, because their speed needs it.
FAST = {
    "proca_web.services.petitions.facts",
    "proca_web.services.signatures.writer",
    "proca_web.services.signatures.confirming",
    "proca_web.services.delivery.rows",
}
MOST_FILES = 14
LONGEST_ROOM = 250
LONGEST_FUNCTION = 42


def test_imports_point_down_only() -> None:
    offenders = [
        f"{name(path)} imports {imported}"
        for path in modules()
        for imported in imports(path)
        if imported.split(".")[0] == "proca_web"
        and floor(imported) not in BELOW[floor(name(path))] | {floor(name(path))}
    ]
    assert offenders == []


def test_the_subjects_of_a_floor_keep_their_order() -> None:
    wrong = []
    for level, order in SUBJECTS.items():
        rank = {subject: place for place, group in enumerate(order) for subject in group.split()}
        for path in (PACKAGE / level).rglob("*.py"):
            own = subject_of(name(path))
            for imported in imports(path):
                other = subject_of(imported)
                if own and other and imported.startswith(f"proca_web.{level}.") and rank[other] < rank[own]:
                    wrong.append(f"{name(path)} imports {imported}")
    assert wrong == []


def subject_of(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 2 else ""


def test_every_subject_stands_in_the_order() -> None:
    for level, order in SUBJECTS.items():
        there = {path.stem for path in (PACKAGE / level).iterdir() if path.is_dir() or path.suffix == ".py"}
        assert there - {"__init__", "__pycache__", *(path.stem for path in (PACKAGE / level).glob("*.md"))} == {
            subject for group in order for subject in group.split()
        }


def test_no_floor_knows_a_framework_above_it() -> None:
    offenders = [
        f"{name(path)} knows {sorted(known)}"
        for path in modules()
        if (known := {imported.split(".")[0] for imported in imports(path)} & NOT_BELOW.get(floor(name(path)), set()))
    ]
    assert offenders == []


def test_a_blueprint_imports_no_other() -> None:
    rooms = [path for path in (PACKAGE / "blueprints").rglob("*.py") if path.stem != "__init__"]
    offenders = [
        f"{name(path)} imports {imported}"
        for path in rooms
        for imported in imports(path)
        if imported.startswith("proca_web.blueprints")
        and name(path).rpartition(".")[0] not in (imported, imported.rpartition(".")[0])
    ]
    assert offenders == []


def test_the_package_itself_imports_nothing() -> None:
    assert not imports(PACKAGE / "__init__.py")


def test_only_one_room_touches_libsodium_memory() -> None:
    users = [name(path) for path in modules() if any(module.startswith("nacl._sodium") for module in imports(path))]
    assert users == ["proca_web.crypto.memory"]


def test_services_and_models_never_commit() -> None:
    offenders = [
        f"{name(path)} calls {call}"
        for path in modules()
        if floor(name(path)) in ("services", "models")
        for call in calls(path)
        if call in ("session.begin", "session.close") or call.rpartition(".")[2] in ("commit", "rollback")
    ]
    assert offenders == []


def test_models_hold_tables_and_no_acts() -> None:
    allowed = {"process_bind_param", "process_result_value"}
    offenders = [
        f"{name(path)}.{node.name}.{part.name}"
        for path in modules()
        if floor(name(path)) == "models"
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and part.name not in allowed
    ]
    assert offenders == []


def test_there_is_one_door_to_the_database() -> None:
    doors = {"proca_web.adapters.database", "proca_web.adapters.start"}
    offenders = [
        f"{name(path)}: {word}"
        for path in modules()
        if name(path) not in doors
        for word in ("create_engine", "raw_connection", "scoped_session", "sessionmaker")
        if word in words(path)
    ]
    assert offenders == []
    offenders = [
        name(path) for path in modules() if name(path) not in doors and "db.session" in text(path).replace("`", "")
    ]
    assert offenders == []


def test_only_the_fast_rooms_speak_to_the_driver() -> None:
    users = {
        name(path)
        for path in modules()
        if floor(name(path)) == "services" and words(path) & {"Direct", "AnyConnection", "driver_connection"}
    }
    assert users <= FAST | {"proca_web.services.driver", "proca_web.services.signatures.signing"}


def test_there_is_one_clock() -> None:
    # A sender compares two clocks to notice a jump; a key file is made on the computer of an organisation.
    allowed = {"proca_web.adapters.clock", "proca_web.crypto.boxes.sender", "proca_web.crypto.keys.keyfile"}
    server = [path for path in modules() if floor(name(path)) not in ("org_tool", "__main__")]
    offenders = [
        f"{name(path)} calls {call}"
        for path in server
        if name(path) not in allowed
        for call in calls(path)
        if call in ("datetime.now", "datetime.utcnow", "date.today", "time.time", "time", "datetime.today")
        and not (call == "time" and "from time import time" not in text(path))
    ]
    assert offenders == []


def test_only_config_and_commands_read_the_environment() -> None:
    silent = ("services", "models", "domain", "crypto", "blueprints", "web", "adapters", "jobs")
    offenders = [
        name(path)
        for path in modules()
        if floor(name(path)) in silent and words(path) & {"environ", "getenv", "environb"}
    ]
    assert offenders == []


def test_nothing_on_the_server_opens_what_was_sealed() -> None:
    """By any name: called, imported, or handed on; only the extension itself and the room it stands on know them.

    And the rooms of staff's second steps and of mail servers' passwords, which have nothing of a supporter.
    """
    opening = {"decrypt", "open_box", "open_shared"}
    server = ("blueprints", "cli", "web", "adapters", "jobs", "services", "app", "extensions")
    knows = {name(path): words(path) & opening for path in modules() if floor(name(path)) in server}
    of_staff = "proca_web.services.staff.second_factor.sealing"
    of_servers = "proca_web.services.petitions.settings.passwords"
    assert {room for room, known in knows.items() if known} <= {"proca_web.adapters.encryption", of_staff, of_servers}
    (extension,) = [path for path in modules() if name(path) == "proca_web.adapters.encryption"]
    assert "decrypt" not in {call.rpartition(".")[2] for call in calls(extension)}


def test_only_what_connects_opens_the_password_of_a_mail_server() -> None:
    """The web seals it and never sees it again; who makes no connection has nothing to open."""
    users = {name(path) for path in modules() if "passwords.open_" in calls(path)}
    of_worker = "proca_web.services.petitions.settings.own_transports"  # seals anew after a change of key
    assert users == {"proca_web.adapters.mail.own_servers", of_worker}
    openers = {
        name(path)
        for path in modules()
        if any(call.endswith((".password_under", ".seal_anew")) for call in calls(path))
    }
    assert openers == {
        *("proca_web.adapters.mail.extension", "proca_web.adapters.mail.proving"),
        *("proca_web.jobs.mail.own_servers", "proca_web.jobs.sweep"),
    }
    connects = {name(path) for path in modules() if words(path) & {"connect_to", "prove"}}
    assert not [room for room in connects if floor(room) in ("blueprints", "web", "services")]


def test_no_module_is_named_for_having_no_subject() -> None:
    names = {path.stem for path in modules()}
    assert not names & {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base_service"}


def test_every_room_says_what_it_is_for() -> None:
    assert [name(path) for path in modules() if not ast.get_docstring(tree(path))] == []


def test_no_room_grows_beyond_what_can_be_read_at_once() -> None:
    lengths = {name(path): len(text(path).splitlines()) for path in modules()}
    assert {room: lines for room, lines in lengths.items() if lines > LONGEST_ROOM} == {}
    assert statistics.median(lines for lines in lengths.values() if lines > 5) <= 100


def test_no_function_grows_beyond_a_screen() -> None:
    lengths = {
        f"{name(path)}.{node.name}": (node.end_lineno or node.lineno) - node.lineno
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {function: lines for function, lines in lengths.items() if lines >= LONGEST_FUNCTION} == {}


def test_no_folder_holds_more_than_can_be_overlooked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = ("proca_web", "tests", "templates", "static")
    files = [Path(line) for line in listed.splitlines() if line.split("/")[0] in folders and (ROOT / line).exists()]
    full = Counter(str(file.parent) for file in files if file.stem != "__init__" and "vendor" not in file.parts)
    assert {folder: number for folder, number in full.items() if number > MOST_FILES} == {}


def test_no_test_module_is_imported_by_another() -> None:
    offenders = [
        f"{path.relative_to(ROOT)} imports {imported}"
        for path in (ROOT / "tests").rglob("*.py")
        for imported in imports(path)
        if imported.startswith("tests.") and imported.rpartition(".")[2].startswith("test_")
    ]
    assert offenders == []


def test_the_orgs_tool_runs_without_flask_and_sqlalchemy() -> None:
    code = (
        "import sys, proca_web.org_tool.cli; "
        "print([m for m in ('flask', 'sqlalchemy', 'email_validator', 'babel', 'huey') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
