"""The command `decrypt`: which exports, which keys, where to; then one run, and what it found in words."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from proca_web.org_tool.commands import ANY_FILE, EXISTING_FILE, passphrase_option, say
from proca_web.org_tool.commands.request import Places, Request
from proca_web.org_tool.keys.held import HeldKey
from proca_web.org_tool.opening.channels import OTHER_HOME, Channels
from proca_web.org_tool.opening.output import Output
from proca_web.org_tool.opening.quarantine import Quarantine
from proca_web.org_tool.opening.run import NOTHING_USABLE, Progress, Run, Tally
from proca_web.org_tool.reading import exports
from proca_web.org_tool.reading.imports import Imports

_MOST_REASONS_SHOWN = 10


@click.command()
@click.argument(
    "sources",
    metavar="EXPORT...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option("--key", "files", type=EXISTING_FILE, multiple=True, help="A key file; once for each key.")
@click.option("--keystore", "keystores", type=EXISTING_FILE, multiple=True, help="Proca's clear keystore.")
@click.option("--home", default="", metavar="IDENTITY", help="With --keystore: the identity of the site to trust.")
@click.option("--org", default="", metavar="SLUG", help="With --keystore: the org whose keys these are.")
@click.option(
    "-o", "--out", default="-", type=click.Path(allow_dash=True), help="The file to write; else standard output."
)
@click.option("--format", "kind", type=click.Choice(["csv", "ndjson"]), help="Else by OUT's ending, else csv.")
@click.option("--excel", is_flag=True, help="Put a byte-order mark first, for Excel.")
@click.option("--quarantine", type=ANY_FILE, help="Where rows that fail go; else OUT.quarantine.csv.")
@click.option("--state", type=ANY_FILE, help="Remember what was imported, and leave it out next time.")
@click.option("--key-log", type=EXISTING_FILE, help="A saved /keys/log.json, once the site has changed its identity.")
@passphrase_option
@click.pass_context
def decrypt(ctx: click.Context, /, **options: Any) -> None:
    """Open encrypted exports (CSV or NDJSON). Every row is checked; one that fails is set aside with its reason."""
    ctx.exit(_run(Request(**options)))


def _run(request: Request) -> int:
    form, places = request.format(), request.places()
    for draft in places.remove_leftovers():
        say(f"{draft}: left behind by a run that was killed; it may have held people in clear, and is removed now.")
    keys = request.hold_keys()
    earlier = request.predecessors(keys)
    with ExitStack() as stack:
        opened = [stack.enter_context(exports.open_export(source)) for source in request.sources]
        imports = Imports(places.state)
        output, quarantine = Output(places.out, form), Quarantine(places.quarantine)
        run = stack.enter_context(Run(keys, Channels(keys, earlier), output, quarantine, imports))
        with _progress(request.sources, places) as progress:
            run.read(opened, progress)
        tally = run.finish()
    _report(tally, keys.values(), places)
    if tally.reasons[OTHER_HOME] and request.key_log is None:
        say("If the site changed its identity since: save its /keys/log.json and give it with --key-log.")
    return tally.exit_code


@contextmanager
def _progress(sources: tuple[str, ...], places: Places) -> Iterator[Progress]:
    """A bar on a terminal that shows nothing else meanwhile: rows and reasons go to files."""
    total = exports.size(sources)
    if total is None or places.out is None or places.quarantine is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="Opening", file=sys.stderr) as bar:
        yield bar.update


def _report(tally: Tally, keys: Iterable[HeldKey], places: Places) -> None:
    if tally.unchecked:
        org = "" if all(key.org for key in keys) else ", org not checked (give --org SLUG)"
        say(f"warning: sender not checked (give --home IDENTITY){org}: anybody can have written these rows")
    if tally.static:
        say(f"{_rows(tally.static)} sealed in static mode: whoever holds the Home key can open these")
    say(
        f"{_rows(tally.opened - tally.erasures)} opened, {tally.refused} set aside"
        + (f" in {places.quarantine}" if tally.refused and places.quarantine else "")
    )
    if tally.erasures:
        say(f"{_rows(tally.erasures)} of type erased: delete what you hold under that contact_ref")
    if tally.known:
        say(f"{_rows(tally.known)} known from an earlier run, left out")
    if places.quarantine is not None:
        for reason, number in tally.reasons.most_common(_MOST_REASONS_SHOWN):
            say(f"  {number}: {reason}")
    for fault in tally.missing:
        say(f"proca-org: {fault}")
    if tally.exit_code == NOTHING_USABLE:
        say("proca-org: no row opens; nothing was written but the reasons.")


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"
