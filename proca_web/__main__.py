"""The front door: `python3 -m proca_web <command>` on a fresh clone. Standard library only.

It makes `.venv` beside the checkout from hash-pinned requirements, once, then runs the command inside it.
"""

from __future__ import annotations  # an older Python must get as far as the sentence that it is too old

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
REQUIREMENTS = {"run": "the packages to run", "test": "the packages to test"}
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install")


def main() -> None:
    """Run a command, in the project's own environment when this is a checkout."""
    if sys.version_info < OLDEST:
        _stop(f"proca_web needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}")
    root = Path(__file__).resolve().parent.parent
    venv = root / ".venv"
    if (root / "pyproject.toml").is_file():
        wanted = "test" if sys.argv[1:2] == ["test"] else "run"
        try:
            _prepare(root, venv, wanted)
        except KeyboardInterrupt:
            _stop("interrupted; the next start goes on", 130)
        if Path(sys.prefix).resolve() != venv.resolve():
            python = str(venv / "bin" / "python")
            os.execv(python, [python, "-m", "proca_web", *sys.argv[1:]])
    from proca_web.cli import main as run

    run()


def _prepare(root: Path, venv: Path, wanted: str) -> None:
    """Make the environment complete for `wanted`; two commands at once take turns."""
    if _is_ready(root, venv, wanted):
        return
    turn = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not _is_ready(root, venv, wanted):
            _make(root, venv, wanted)
    finally:
        os.close(turn)


def _is_ready(root: Path, venv: Path, wanted: str) -> bool:
    stamps = {"run": ("run", "test"), "test": ("test",)}[wanted]
    return any(
        _stamp_file(venv, name).is_file() and _stamp_file(venv, name).read_text() == _stamp(root, name)
        for name in stamps
    )


def _make(root: Path, venv: Path, wanted: str) -> None:
    python = str(venv / "bin" / "python")
    if not _has_pip(python):
        _say("1/3 making .venv")
        _make_venv(venv)
    requirements = root / "proca_web" / "requirements" / f"{wanted}.txt"
    _install(python, requirements, REQUIREMENTS[wanted])
    _say("3/3 installing proca_web itself")
    _run([python, *_PIP, "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-e", str(root)])
    _stamp_file(venv, wanted).write_text(_stamp(root, wanted))


def _has_pip(python: str) -> bool:
    """Whether the environment was made to its end; an interrupted one may hold a Python without pip."""
    try:
        asked = subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True)
    except OSError:
        return False
    return asked.returncode == 0


def _make_venv(venv: Path) -> None:
    try:
        import ensurepip  # noqa: F401  (only whether it is there)
        import venv as venv_module
    except ImportError:
        _install_debian_venv()
        _run([sys.executable, "-m", "venv", str(venv)])
        return
    venv_module.EnvBuilder(with_pip=True, clear=venv.exists()).create(venv)


def _install_debian_venv() -> None:
    """Debian keeps venv and ensurepip in a package of their own."""
    package = "python3-venv"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        _stop(f"Python's venv module is missing. Please install it (Debian, Ubuntu: sudo apt-get install {package})")
    _say(f"installing Debian's {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-y", "-q", package]):
        _run(["apt-get", *step], environment)


def _install(python: str, requirements: Path, what: str) -> None:
    """Install hash-pinned packages, counting them as they come."""
    number = requirements.read_text().count("==")
    command = [python, *_PIP, "--progress-bar", "off", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["-r", str(requirements)]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        seen = 0
        for line in pip.stdout:
            lines.append(line)
            if line.startswith(("Collecting", "Requirement already")):
                seen += 1
                _progress(f"2/3 fetching {what}: {min(seen, number)} of {number}")
            elif line.startswith("Installing"):
                _progress(f"2/3 unpacking {what}" + " " * 20)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if pip.returncode:
        sys.stderr.writelines(lines[-15:])
        _stop("the packages could not be installed; please check the network and try again")


def _stamp_file(venv: Path, wanted: str) -> Path:
    return venv / f".proca-{wanted}"


def _stamp(root: Path, wanted: str) -> str:
    """Changes when the requirements, the project's own metadata or its place change."""
    parts = [root / "proca_web" / "requirements" / f"{wanted}.txt", root / "pyproject.toml"]
    content = str(root).encode() + b"".join(part.read_bytes() for part in parts)
    return hashlib.sha256(content).hexdigest()


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:])
        _stop(f"this failed: {' '.join(command)}")


def _progress(text: str) -> None:
    """Overwrite the line on a terminal; elsewhere say each step once."""
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)
    elif "1 of" in text or "unpacking" in text:
        _say(text.strip())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop(text: str, code: int = 1) -> None:
    _say(text)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
