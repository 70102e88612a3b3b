"""What was asked of `decrypt`, checked before anything is read: the keys, the formats, and where results go."""

from dataclasses import dataclass
from pathlib import Path

from proca_web.org_tool import drafts, files
from proca_web.org_tool.drafts import is_direct
from proca_web.org_tool.errors import UsageFault
from proca_web.org_tool.keys import held, key_files
from proca_web.org_tool.keys.held import HeldKeys
from proca_web.org_tool.keys.passphrases import Passphrases
from proca_web.org_tool.opening.output import CsvFormat, Format, NdjsonFormat
from proca_web.org_tool.watching import home_changes
from proca_web.org_tool.watching.home_changes import Predecessors

_NDJSON_SUFFIXES = (".ndjson", ".jsonl")


@dataclass(frozen=True, slots=True)
class Places:
    """Where results go; None is standard output, or reasons on stderr."""

    out: Path | None
    quarantine: Path | None
    state: Path | None

    @classmethod
    def of(cls, out: str, quarantine: Path | None, state: Path | None) -> "Places":
        """The contract's defaults: `-` is standard output, the quarantine stands beside a file."""
        path = None if out == "-" else Path(out)
        if quarantine is None and path is not None and not is_direct(path):
            quarantine = Path(f"{path}.quarantine.csv")
        return cls(path, quarantine, state)

    def remove_leftovers(self) -> list[Path]:
        """Remove what killed runs left beside these places; which files that was."""
        places = (path for path in (self.out, self.quarantine, self.state) if path is not None)
        return [draft for path in places for draft in drafts.remove_leftovers(path)]

    def check(self, sources: tuple[Path, ...]) -> None:
        """Refuse to write over what is read, or one result over another. Raises UsageFault."""
        taken = {path.resolve() for path in sources}
        for path in (self.out, self.quarantine, self.state):
            if path is not None:
                files.check_place(path, taken)
                taken.add(path.resolve())


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, under the options' names."""

    sources: tuple[str, ...]
    files: tuple[Path, ...]
    keystores: tuple[Path, ...]
    home: str
    org: str
    out: str
    kind: str | None
    excel: bool
    quarantine: Path | None
    state: Path | None
    key_log: Path | None
    passphrase_files: tuple[Path, ...]

    def format(self) -> Format:
        """How the output looks. Raises UsageFault."""
        by_suffix = "ndjson" if self.out.lower().endswith(_NDJSON_SUFFIXES) else "csv"
        if (self.kind or by_suffix) == "csv":
            return CsvFormat(excel=self.excel)
        if self.excel:
            raise UsageFault("--excel is for CSV; Excel does not read NDJSON.")
        return NdjsonFormat()

    def places(self) -> Places:
        """Where everything goes, nothing over what is read. Raises UsageFault."""
        if self.sources.count("-") > 1:
            raise UsageFault("standard input (-) can be read only once.")
        places = Places.of(self.out, self.quarantine, self.state)
        logs = (self.key_log,) if self.key_log is not None else ()
        exports = (Path(source) for source in self.sources if source != "-")
        places.check((*exports, *self.files, *self.keystores, *logs))
        return places

    def predecessors(self, keys: HeldKeys) -> Predecessors:
        """The earlier Homes of the pinned one, where a key log is given. Raises ToolError."""
        if self.key_log is None:
            return Predecessors()
        return home_changes.read_predecessors(self.key_log, [key.home for key in keys.values() if key.home])

    def hold_keys(self) -> HeldKeys:
        """Open key files and keystores; the first of two entries for one key counts. Raises UsageFault, ToolError."""
        if not self.files and not self.keystores:
            raise UsageFault("no key is given: use --key FILE (a key file) or --keystore FILE (Proca's clear one).")
        if (self.org or self.home) and not self.keystores:
            raise UsageFault(
                "--org and --home belong to --keystore; a key file has both (proca-org pin sets the site)."
            )
        org = key_files.check_org(self.org) if self.org else ""
        home = key_files.check_pin(self.home) if self.home else ""
        keys = [held.hold(key) for key in key_files.open_all(self.files, Passphrases(self.passphrase_files))]
        for path in self.keystores:
            keys += held.read_keystore(path, org, home)
        return {key.public: key for key in reversed(keys)}
