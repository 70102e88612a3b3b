"""The tool needs PyNaCl and click only: what runs on an org's computer stays small enough to be read."""

import subprocess
import sys

BLOCKED = ("flask", "sqlalchemy", "email_validator", "babel", "flask_babel", "werkzeug", "jinja2", "huey", "psycopg")

PROGRAM = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ImportError("not in the light install: " + name)
sys.meta_path.insert(0, Block())
from proca_web.org_tool.cli import main
main(["--help"])
"""


def test_the_tool_runs_without_what_only_a_server_needs() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "decrypt" in done.stdout


def test_the_tool_imports_nothing_above_its_floor() -> None:
    program = (
        "import proca_web.org_tool.cli, sys\n"
        "floors = {name.split('.')[1] for name in sys.modules if name.startswith('proca_web.')}\n"
        "assert floors == {'crypto', 'domain', 'org_tool'}, floors\n"
        "assert 'flask' not in sys.modules and 'sqlalchemy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
