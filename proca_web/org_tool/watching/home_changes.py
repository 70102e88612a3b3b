"""Following a Home Org through the changes of its identity, as a key log shows them. Trusts nobody by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proca_web.crypto.boxes.certificate import MAX_WINDOW, Certificate
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.key_log import Chain, Home
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.keys.key_files import read_json
from proca_web.org_tool.watching import published
from proca_web.org_tool.watching.published import Unsound


def since(chain: Chain, trusted: str) -> Sequence[Home] | None:
    """The Homes that came after the one with this fingerprint; None when the log does not know that one."""
    names = [fingerprint(home.identity) for home in chain.homes]
    return chain.homes[len(names) - names[::-1].index(trusted) :] if trusted in names else None


@dataclass(frozen=True, slots=True)
class Predecessors:
    """The earlier Homes of the one with the fingerprint `current`, each of which signed for the next."""

    current: str = ""
    earlier: Mapping[str, Home] = field(default_factory=dict)

    def find(self, pinned: str, identity: str) -> Home | None:
        """The earlier Home with that identity, for a key pinned to the current one (both as fingerprints)."""
        return self.earlier.get(identity) if pinned == self.current else None


def is_in_time(home: Home, certificate: Certificate) -> bool:
    """Whether an earlier Home's word counts: a sender ends 900 s after it at the latest, a static one began before."""
    begins = certificate.not_before if certificate.not_after is None else certificate.not_after - MAX_WINDOW
    return home.until is not None and begins.timestamp() <= home.until


def read_predecessors(path: Path, pins: Sequence[str]) -> Predecessors:
    """From a saved `/keys/log.json` whose head one of the pinned Homes signed. Raises ToolError."""
    content = read_json(path)
    try:
        log = published.read_log(content if isinstance(content, dict) else {})
    except Unsound as error:
        raise ToolError(f"{path} cannot be used as a key log: {error}. Save /keys/log.json again.") from error
    current = fingerprint(log.home.identity)
    if current not in pins:
        raise ToolError(_not_pinned(path, log.home, any(since(log.chain, pin) for pin in pins)))
    homes, earlier = log.chain.homes, dict[str, Home]()
    for place in range(len(homes) - 1, 0, -1):
        if not homes[place].vouched:
            break
        earlier.setdefault(fingerprint(homes[place - 1].identity), homes[place - 1])
    return Predecessors(current, earlier)


def _not_pinned(path: Path, home: Home, is_successor: bool) -> str:
    if not is_successor:
        return (
            f"{path} is the key log of another site than the one you trust, or an old copy; save /keys/log.json again."
        )
    return (
        f"by {path} the site's identity is now {fingerprint(home.identity)}, which no key file given here trusts."
        f" Confirm it with the operator in another way, then run: proca-org pin FILE {encode(home.identity)}"
    )
