"""The project's own environment, `.venv`: made once from hash-pinned packages, by uv, or by pip where uv cannot.

Standard library only. It changes nothing outside of `.venv`, and installs nothing whose hash it does not know.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

_PACKAGES = {"run": "the packages to run", "test": "the packages to test"}
_PINNED = ("--require-hashes", "--no-deps", "--only-binary", ":all:")
_ITSELF = ("--no-deps", "--no-build-isolation", "--no-index", "-e")
_PIP = ("--disable-pip-version-check", "--no-input")
# What pip is told and uv must know too, in uv's names; uv reads no pip.conf.
_UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX",),
    "extra-index-url": ("UV_INDEX",),
    "find-links": ("UV_FIND_LINKS",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
}
_YES = {"1", "true", "yes", "on"}


class _Failed(Exception):
    """A step that did not come to its end, with what it said."""

    def __init__(self, said: str) -> None:
        self.said = [line.strip() for line in said.splitlines() if line.strip()] or ["it said nothing"]
        reason = next((line for line in self.said if line.lower().startswith("error")), self.said[-1])
        super().__init__(reason[:120])


def make(root: Path, venv: Path, wanted: str) -> None:
    """Complete the environment for `wanted`, "run" or "test"; what is there already is kept."""
    pip = _pip()
    python = venv / "bin" / "python"
    if not _starts(python):
        say("1/3 making .venv")
        _make_venv(venv)
    try:
        _install_with_uv(pip, root, python, wanted)
    except _Failed as reason:
        say(f"uv cannot do it here ({reason}); pip does, which takes longer")
        try:
            _install_with_pip(pip, root, python, wanted)
        except _Failed as fault:
            told = "the packages could not be installed; please check the network and try again"
            stop("\n".join([*fault.said[-15:], told]))


def _starts(python: Path) -> bool:
    """Whether the environment has a Python that runs; an interrupted or outdated one may have none."""
    try:
        return subprocess.run([python, "-I", "-c", ""], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _make_venv(venv: Path) -> None:
    """Without pip: its own installation would take longer than everything else together."""
    if importlib.util.find_spec("venv") is None:
        _install_debian_venv("venv module")
    venv_module = importlib.import_module("venv")
    venv_module.EnvBuilder(with_pip=False, symlinks=True, clear=venv.exists()).create(venv)


def _pip() -> list[str]:
    """How to run a pip: this Python's own, else the one that waits inside ensurepip."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if not _pip_wheels():
        _install_debian_venv("pip")
    wheels = _pip_wheels()
    if not wheels:
        stop("Python's pip is missing, also after installing it; please install it for this Python and try again")
    return [sys.executable, str(wheels[-1] / "pip")]


def _pip_wheels() -> list[Path]:
    """The wheels inside ensurepip; distributions have a folder of their own for them."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:
        return []
    folders = [
        Path(ensurepip.origin).parent / "_bundled",
        Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or os.devnull),
    ]
    return sorted(wheel for folder in folders for wheel in folder.glob("pip-*.whl"))


def _install_debian_venv(missing: str) -> None:
    """Debian keeps ensurepip, and with it a pip, in a package of its own."""
    package = "python3-venv"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        stop(f"Python's {missing} is missing. Please install it (Debian, Ubuntu: sudo apt-get install {package})")
    say(f"installing Debian's {package}")
    try:
        for step in (["update", "-q"], ["install", "-y", "-q", package]):
            _run(["apt-get", *step], {**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    except _Failed as fault:
        stop("\n".join([*fault.said[-15:], f"{package} could not be installed; please install it and try again"]))
    importlib.invalidate_caches()


def _install_with_uv(pip: list[str], root: Path, python: Path, wanted: str) -> None:
    """uv is fetched for this, hash-pinned too, into a folder that goes when it is done."""
    requirements, venv = root / "proca_web" / "requirements", python.parent.parent
    for left in venv.glob(".uv-*"):  # by a start that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=".uv-", dir=venv) as folder:
        with ThreadPoolExecutor() as meanwhile:
            _progress("2/3 fetching uv")
            asked = meanwhile.submit(uv_settings, pip)
            _fetch_uv(pip, requirements / "uv.txt", folder)
            environment = {**os.environ, "UV_CACHE_DIR": f"{folder}/cache", **asked.result()}
        install = [f"{folder}/bin/uv", "pip", "install", "--no-config", "--python", str(python)]
        file = requirements / f"{wanted}.txt"
        _progress(f"2/3 fetching {_PACKAGES[wanted]}: {_count(file)} with uv")
        _run([*install, "--compile-bytecode", *_PINNED, "-r", str(file)], environment)
        _progress("3/3 installing proca_web itself")
        _run([*install, *_ITSELF, str(root)], environment)
    _end_line()


def _fetch_uv(pip: list[str], pinned: Path, folder: str) -> None:
    own = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}  # neither is meant where a folder is named
    fetch = [*pip, *_PIP, "install", "--no-compile", "--target", folder, *_PINNED, "-r", str(pinned)]
    _run(fetch, {**os.environ, **own})


def uv_settings(pip: list[str]) -> dict[str, str]:
    """pip's indexes, certificates and proxy as uv's, so that uv asks whom pip would ask."""
    listed = subprocess.run([*pip, *_PIP, "config", "list"], check=False, capture_output=True, text=True).stdout
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # the later wins, as it does with pip
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                found[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    if found.get("no-index", "").lower() in _YES:
        raise _Failed("pip is told to use no index")
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # pip asks all indexes; the hashes say what is right
    for option, names in _UV_NAMES.items():
        if found.get(option):
            separator = "," if option == "find-links" else " "
            settings |= dict.fromkeys(names, separator.join(found[option].split()))
    return settings


def _install_with_pip(pip: list[str], root: Path, python: Path, wanted: str) -> None:
    install = [*pip, "--python", str(python), *_PIP, "install"]
    file = root / "proca_web" / "requirements" / f"{wanted}.txt"
    number, seen = _count(file), 0

    def hear(line: str) -> None:
        nonlocal seen
        if line.startswith(("Collecting", "Requirement already")):
            seen += 1
            _progress(f"2/3 fetching {_PACKAGES[wanted]}: {min(seen, number)} of {number}", seldom=seen % 10 != 1)
        elif line.startswith("Installing"):
            _progress(f"2/3 unpacking {_PACKAGES[wanted]}")

    _run([*install, "--progress-bar", "off", *_PINNED, "-r", str(file)], hear=hear)
    _progress("3/3 installing proca_web itself")
    _run([*install, "--quiet", *_ITSELF, str(root)])
    _end_line()


def _count(requirements: Path) -> int:
    return requirements.read_text().count("==")


def _run(
    command: list[str], environment: dict[str, str] | None = None, hear: Callable[[str], None] = lambda _line: None
) -> None:
    """Run a command to its end, with an ear on what it says. Raises _Failed."""
    said: list[str] = []
    try:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                hear(line)
    except OSError as error:
        raise _Failed(str(error)) from error
    if process.returncode:
        raise _Failed("".join(said))


def _progress(text: str, *, seldom: bool = False) -> None:
    """Overwrite the line on a terminal; elsewhere say it, unless it is one of many."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)
    elif not seldom:
        say(text)


def _end_line() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)


def say(text: str) -> None:
    """One line for whoever started this."""
    print(text, file=sys.stderr, flush=True)


def stop(text: str, code: int = 1) -> NoReturn:
    """Say why this cannot go on, and end."""
    say(text)
    raise SystemExit(code)
