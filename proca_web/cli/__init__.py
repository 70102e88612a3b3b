"""Operator commands. They know every floor, print for people, and each commits once."""

import click

from proca_web.cli import demo, keys, manage, operate, processes, quality


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="proca-web")
def main() -> None:
    """A petition platform whose operator cannot read the signatures it stores."""


for command in (
    demo.demo,
    quality.test,
    quality.bench,
    operate.init,
    processes.serve,
    processes.worker,
    processes.sweep,
    operate.check,
    operate.upgrade,
    manage.org,
    manage.user,
    manage.campaign,
    manage.page,
    keys.keys,
):
    main.add_command(command)
