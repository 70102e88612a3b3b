"""The commands that make, show and change key files: `keygen`, `show`, `pin`, `rotation`, `keystore`."""

from pathlib import Path
from typing import Any

import click

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import keyfile, passphrase
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.commands import ANY_FILE, EXISTING_FILE, passphrase_option, say
from proca_web.org_tool.errors import UsageFault
from proca_web.org_tool.keys import key_files, rotations
from proca_web.org_tool.keys.passphrases import Passphrases

KEYSTORE_WARNING = (
    "warning: {out} holds the secret without a passphrase: whoever reads this file reads every signature that"
    " is encrypted for this org. Keep it off shared disks, and delete it after use."
)


@click.command()
@click.option("--org", required=True, metavar="SLUG", help="The org's short name, as in the console's address.")
@click.option("--out", required=True, type=ANY_FILE, help="The key file to write, or a folder for it.")
@click.option("--home", default="", metavar="IDENTITY", help="The identity of the site, as on its /keys page.")
@click.option("--origin", default="", metavar="URL", help="Where the site is, as a note in the file.")
@click.option("--replaces", type=EXISTING_FILE, metavar="FILE", help="The key file in use: its key signs for this one.")
@click.option("--recovery", is_flag=True, help="A recovery key: where --out is a folder, its file's name says so.")
@passphrase_option
def keygen(
    org: str,
    out: Path,
    home: str,
    origin: str,
    replaces: Path | None,
    recovery: bool,
    passphrase_files: tuple[Path, ...],
) -> None:
    """Make a key pair and write its passphrase-protected key file; give the public keys to the site.

    With --replaces the passphrase of the new key comes first, then that of the old one.
    """
    passphrases = Passphrases(passphrase_files)
    passphrases.check_number(2 if replaces else 1)
    given = passphrases.given()
    pin = key_files.check_pin(home) if home else ""
    key = keyfile.new_org_key(key_files.check_org(org), home_identity=pin, origin=origin)
    old = rotations.open_old(replaces, org, passphrases, 1) if replaces else None
    if old is not None:
        key = rotations.inherit(key, old)
    words = given or passphrase.generate()
    path = key_files.make(key, words, out, recovery=recovery)
    weak = passphrase.judge(words)
    if weak is not None:
        say(f"warning: {weak} Whoever gets hold of this file can guess it; make another one before it is used.")
    if given is None:
        say(f"passphrase: {words}")
        say("These seven words open the key file. Write them down now: they are stored nowhere and not shown again.")
    click.echo(f"public: {encode(key.public)}")
    click.echo(f"sign-public: {encode(key.sign_public)}")
    click.echo(f"fingerprint: {fingerprint(key.public)}")
    if old is not None:
        click.echo(f"rotation: {rotations.sign(old, key.public, key.sign_public)}")
    click.echo(f"file: {path}")


@click.command()
@click.argument("file", type=EXISTING_FILE)
def show(file: Path) -> None:
    """Show a key file's public part; needs no passphrase."""
    content = key_files.load(file)
    _show("org", content["org"])
    _show("public", content["public"])
    _show("sign-public", content["sign_public"])
    _show("fingerprint", content["fingerprint"])
    _show("home", content["home_identity"] or "none")
    _show("created", content["created_at"])


def _show(name: str, value: Any) -> None:
    # A key file comes from elsewhere; it must not move the cursor or colour the terminal.
    click.echo(f"{name}: {''.join(letter if letter.isprintable() else '?' for letter in value)}")


# One identity in 64 begins with a dash and must not be taken for an option.
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("file", type=EXISTING_FILE)
@click.argument("home", metavar="FINGERPRINT")
@passphrase_option
def pin(file: Path, home: str, passphrase_files: tuple[Path, ...]) -> None:
    """Set which site this key file trusts: the 43 characters of the site's /keys page, or their fingerprint.

    Compare it with what the site's operator told you in another way.
    """
    new = key_files.check_pin(home)
    old = key_files.pin(file, new, Passphrases(passphrase_files))
    if old and old != new:
        say(f"it trusted {old} before")
    click.echo(f"home: {new}")


@click.command()
@click.argument("old_file", metavar="OLDFILE", type=EXISTING_FILE)
@click.argument("new_file", metavar="NEWFILE", type=EXISTING_FILE)
@passphrase_option
def rotation(old_file: Path, new_file: Path, passphrase_files: tuple[Path, ...]) -> None:
    """Let the old key sign for the new one; give the line to the site with the new key. Only OLDFILE is opened."""
    signed, public = rotations.sign_for_file(old_file, new_file, Passphrases(passphrase_files))
    click.echo(f"rotation: {signed}")
    say(f"Whoever has this line can make the key {fingerprint(public)} your org's next one. Is that your new key?")


@click.command()
@click.argument("key_files_given", metavar="FILE...", nargs=-1, required=True, type=EXISTING_FILE)
@click.option("-o", "--out", required=True, type=ANY_FILE, help="The keystore to write; must not exist.")
@passphrase_option
def keystore(key_files_given: tuple[Path, ...], out: Path, passphrase_files: tuple[Path, ...]) -> None:
    """Write Proca's clear keystore, for Proca's own tools. The secret in it is not protected."""
    if out.exists():
        raise UsageFault(f"{out} exists already and is not overwritten; choose another name.")
    key_files.write_keystore(key_files.open_all(key_files_given, Passphrases(passphrase_files)), out)
    say(KEYSTORE_WARNING.format(out=out))
