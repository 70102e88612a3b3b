"""The `proca-org` command: its parts put together. What each does is in `commands`."""

import click

from proca_web.org_tool.commands.decrypt import decrypt
from proca_web.org_tool.commands.ending import Commands
from proca_web.org_tool.commands.keys import keygen, keystore, pin, rotation, show
from proca_web.org_tool.commands.prove import prove
from proca_web.org_tool.commands.watch import watch


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Keys and exports of an organisation, on its own computer. Nothing but `watch` talks to the network."""


for command in (decrypt, keygen, keystore, pin, prove, rotation, show, watch):
    main.add_command(command)
