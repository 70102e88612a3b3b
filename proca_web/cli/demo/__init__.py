"""The demo: an instance with two orgs, a campaign of both and one that is over, ready in one command, on this computer.

The orgs' keys are made by `proca-org keygen` as a separate process; this one reads the public halves only.
"""

import json
import os
import secrets
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import select

from proca_web import config
from proca_web.adapters import clock, key_guard, logs
from proca_web.adapters.database import reading, writing
from proca_web.cli import env_file, ports, processes, ready
from proca_web.cli.demo import content, pictures
from proca_web.cli.demo.content import LEAD, PARTNER
from proca_web.cli.operate import write_json
from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.keys import passphrase
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import encryption
from proca_web.models import Org
from proca_web.services.keys import registering
from proca_web.services.petitions import orgs
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.staff import passwords, people


@click.command()
@click.option("--port", default=5000, show_default=True, type=ports.PORT)
@click.option(
    "--data", default="instance/demo", show_default=True, envvar="PROCA_DATA_DIR", type=click.Path(path_type=Path)
)
@click.option("--host", default="127.0.0.1", show_default=True)
def demo(port: int, data: Path, host: str) -> None:
    """Try everything on this computer: SQLite, demo data, web server, worker, and a mailbox at /mailbox."""
    logs.configure()
    processes.warn_of_doubts()
    ports.refuse_taken(host, port)
    data = data.resolve()
    env = _environment(data, host, port)
    settings, faults = config.read(env)
    if faults:
        ready.exit_with(faults)
    plan = _prepare_files(data, settings, env)
    if not plan["complete"]:
        _complete(plan, settings)
        write_json(data / "demo.json", plan)
    app = ready.app_or_exit(settings)
    processes.run(
        app, host, port, ready=_greeting(plan, data, settings.mail.server if settings.mailbox_dir is None else "")
    )


def _environment(data: Path, host: str, port: int) -> dict[str, str]:
    """The demo's own values; a PROCA_* variable that is set wins."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 -- a comparison, nothing is bound
    shown = f"[{shown}]" if ":" in shown else shown
    own = {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(data),
        "PROCA_PUBLIC_URL": f"http://{shown}:{port}",
        "PROCA_SECRET_KEY": env_file.value_of(data / "demo.env", "PROCA_SECRET_KEY") or secrets.token_urlsafe(32),
    }
    given = {name: value for name, value in os.environ.items() if name.startswith("PROCA_") and value}
    given.pop("PROCA_DATA_DIR", None)  # the option has taken it
    return {name: value for name, value in own.items() if f"{name}_FILE" not in given} | given


def _prepare_files(data: Path, settings: config.Settings, env: dict[str, str]) -> dict[str, Any]:
    """Directories, keys and `demo.env`; `demo.json` is written before what it plans, so a crash is mended."""
    for folder in (data, data / "keys", data / "mailbox", settings.home_key_file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.home_key and not settings.home_key_file.exists():
        write_new_home_key(settings.home_key_file)
    Keyring(settings.keyring_dir, settings.worker_key_dir).prepare()
    plan = _plan(data, settings.public_url)
    write_json(data / "demo.json", plan)
    unlike = env_file.write(data / "demo.env", env)
    if unlike:
        click.echo(
            f"warning: a shell reads {', '.join(unlike)} in {data / 'demo.env'} otherwise than Docker and systemd do;"
            " give a folder without spaces and signs (--data) to use that file",
            err=True,
        )
    return plan


def _plan(data: Path, url: str) -> dict[str, Any]:
    try:
        plan: dict[str, Any] = json.loads((data / "demo.json").read_text("utf-8"))
    except FileNotFoundError:
        users = (("admin@org-one.example.org", LEAD.name), ("admin@org-two.example.org", PARTNER.name))
        plan = {
            "url": url,
            "users": [
                {"email": email, "password": secrets.token_urlsafe(12), "org": org}
                for email, org in (*users, ("operator@example.org", orgs.HOME))
            ],
            "keys": [
                {
                    "org": org.name,
                    "file": str(data / "keys" / f"{org.name}.orgkey.json"),
                    "passphrase": passphrase.generate(),
                }
                for org in (LEAD, PARTNER)
            ],
            "second_factor": "off",
            "complete": False,
        }
    plan["url"] = url
    plan.setdefault("mailbox_key", secrets.token_urlsafe(16))
    return plan


def _complete(plan: dict[str, Any], settings: config.Settings) -> None:
    app = ready.app_or_exit(settings, check=False)
    click.echo("making the database and the demo's data …", err=True)
    ready.migrate(app)
    with app.app_context(), ready.refusals():
        key_guard.join(app)
        _make_content(app, plan)
        key_guard.follow(app)
    plan["complete"] = True


def _make_content(app: Flask, plan: dict[str, Any]) -> None:
    """Everything in one transaction; nothing is made twice."""
    with reading() as session:
        if session.execute(select(Org.id).where(Org.name == LEAD.name)).first() is not None:
            return
    home_key = encryption.source.home
    tools = [_keygen(entry, home_key) for entry in plan["keys"]]
    hashes = [passwords.hash_password(user["password"]) for user in plan["users"]]
    keys = [_public_keys(entry, tool) for entry, tool in zip(plan["keys"], tools, strict=True)]
    now = clock.now()
    drawn = pictures.draw_all()  # takes a moment, so outside of the transaction
    with writing() as session:
        owners = {orgs.HOME: orgs.add_home(session, home_key, now)}
        for org, (public, sign_public) in zip((LEAD, PARTNER), keys, strict=True):
            owners[org.name] = content.add_org(session, org, drawn, now)
            registering.enter(session, home_key, owners[org.name], public, now, sign_public=sign_public)
        for user, hashed in zip(plan["users"], hashes, strict=True):
            people.add_user(session, user["email"], hashed, owners[user["org"]], StaffRole.OWNER, now)
        content.add_petitions(session, owners, drawn, now)


def _keygen(entry: dict[str, str], home: HomeKey) -> subprocess.Popen[str] | None:
    """The org's own tool making its key file, in a process of its own; None where the file is there."""
    if Path(entry["file"]).exists():
        return None
    tool = Path(sys.executable).with_name("proca-org")
    command = [str(tool), "keygen", "--org", entry["org"], "--out", entry["file"], "--home", encode(home.identity)]
    environment = {**os.environ, "PROCA_ORG_PASSPHRASE": entry["passphrase"]}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _public_keys(entry: dict[str, str], tool: subprocess.Popen[str] | None) -> tuple[bytes, bytes]:
    """The public halves in an org's key file, once its tool has written it."""
    if tool is not None:
        _, fault = tool.communicate()
        if tool.returncode:
            raise click.ClickException(f"proca-org keygen failed: {fault.strip()}")
    content = json.loads(Path(entry["file"]).read_text("utf-8"))
    return decode(content["public"], 32), decode(content["sign_public"], 32)


def _greeting(plan: dict[str, Any], data: Path, mail_server: str) -> str:
    url = plan["url"]
    mailbox = f"Mailbox    {url}/mailbox?key={plan['mailbox_key']}   (no mail leaves this computer)"
    mail = f"Mail       leaves by {mail_server}, as PROCA_MAIL_SERVER says" if mail_server else mailbox
    users = "\n".join(f"    {user['email']:28} {user['password']}" for user in plan["users"])
    keys = "\n".join(f"    {key['file']}\n      passphrase: {key['passphrase']}" for key in plan["keys"])
    org_one = shlex.quote(plan["keys"][0]["file"])
    return f"""
  proca_web demo: {url}

  Sign       {url}/p/trees   and   {url}/p/trees-partner
             {url}/p/baeume   (in German)
  {mail}
  Sign in    {url}/login     (second factor: off in the demo)
{users}

  The organisations' keys, which this server never had:
{keys}

  Open an export, once you have downloaded it in the console; it asks for the passphrase above:
    .venv/bin/proca-org decrypt ~/Downloads/org-one-contacts.csv --key {org_one} --excel -o ~/Downloads/people.csv

  All of this is in {data}/demo.json. Stop with Ctrl-C."""
