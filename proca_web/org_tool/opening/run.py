"""One run of `decrypt`: every row of every export is opened or set aside, then all files are put in place together."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

from proca_web.domain.rows.export_columns import ExportRow
from proca_web.org_tool.errors import RowKnown, RowRefused
from proca_web.org_tool.keys.held import HeldKeys
from proca_web.org_tool.opening.channels import Channels
from proca_web.org_tool.opening.output import Output
from proca_web.org_tool.opening.quarantine import Quarantine
from proca_web.org_tool.opening.row import Opened, open_row
from proca_web.org_tool.reading import spreadsheets
from proca_web.org_tool.reading.exports import Export
from proca_web.org_tool.reading.imports import Imports
from proca_web.org_tool.reading.lines import Damaged

NOTHING_USABLE, NOT_ALL = 1, 3
_MOST_REASONS = 200
_OTHER = "other reasons"
# Hardly a row leaves cycles behind (a refused one its traceback): looking for them every 700 objects costs 5 %.
_SELDOM = 50_000
_STEP = 500

Progress = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """What became of the rows, counted; reasons and numbers only. `missing` says in words what never came."""

    opened: int = 0
    erasures: int = 0
    known: int = 0
    static: int = 0
    unchecked: int = 0
    missing: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """How many rows were set aside."""
        return self.reasons.total()

    @property
    def exit_code(self) -> int:
        """0: all opened, or there were none. 3: some set aside, or not all there. 1: rows, and none of them opens."""
        if self.refused and not (self.opened or self.known):
            return NOTHING_USABLE
        return NOT_ALL if self.refused or self.missing else 0

    def count(self, opened: Opened) -> None:
        """Count an opened row."""
        self.opened += 1
        if opened.channel is None:
            self.erasures += 1
        else:
            self.static += opened.channel.is_static
            self.unchecked += opened.channel.certificate is None

    def count_refused(self, reason: str) -> None:
        """Count a row that was set aside; a hostile file cannot make this list long."""
        known = reason in self.reasons or len(self.reasons) < _MOST_REASONS
        self.reasons[reason if known else _OTHER] += 1


class Run:
    """Opens the rows of exports, one after the other, with flat memory.

    Use as a context: leaving it wipes the keys, and leaves no file unless `finish` was called.
    """

    def __init__(
        self, keys: HeldKeys, channels: Channels, output: Output, quarantine: Quarantine, imports: Imports
    ) -> None:
        self.tally = Tally()
        self._orgs = sorted({key.org for key in keys.values()})
        self._keys = keys
        self._channels = channels
        self._output = output
        self._quarantine = quarantine
        self._imports = imports
        self._leave = ExitStack()

    def __enter__(self) -> "Run":
        for leave in (self._output.discard, self._quarantine.discard, self._channels.wipe):
            self._leave.callback(leave)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.close()
        for key in self._keys.values():
            key.secret.wipe()

    def read(self, exports: Iterable[Export], progress: Progress) -> None:
        """Open or set aside every row; `progress` hears how many bytes were read since it was last called."""
        gc.set_threshold(_SELDOM)
        for export in exports:
            told = 0
            for place, (number, entry) in enumerate(export):
                self._take(export.name, number, entry)
                if place % _STEP == 0:
                    progress(export.bytes_read - told)
                    told = export.bytes_read
            progress(export.bytes_read - told)
            self.tally.missing += export.faults

    def finish(self) -> Tally:
        """Put the files in place: the output only when a row opened or there was none."""
        self._quarantine.commit()
        if self.tally.exit_code != NOTHING_USABLE:
            self._output.commit()
            self._imports.save()
        return self.tally

    def _take(self, source: str, number: int, entry: ExportRow | Damaged) -> None:
        try:
            if isinstance(entry, Damaged):
                raise RowRefused(entry.reason)
            opened = open_row(entry, self._channels, self._output.render)
            self._imports.take(entry, self._org_of(entry))
        except RowKnown:
            self.tally.known += 1
        except RowRefused as refusal:
            reason = spreadsheets.reason(entry) or str(refusal)
            self.tally.count_refused(reason)
            self._quarantine.add(source, number, entry, reason)
        else:
            self._output.write(opened.line)
            self.tally.count(opened)

    def _org_of(self, row: ExportRow) -> str:
        """Whose row this is; an erasure names no key, so it is told by the keys of the run."""
        if not row.is_erasure:
            return self._keys[row.public_key].org
        if len(self._orgs) > 1:
            raise RowRefused("an erasure names no key, and keys of several orgs are given; run once for each org")
        return self._orgs[0]
