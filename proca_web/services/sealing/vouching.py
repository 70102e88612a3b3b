"""Which keys may be sealed to: those the Home identity endorsed and nobody ended. A row alone proves nothing."""

from dataclasses import dataclass, field

from proca_web.crypto.keys import statements
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.services.sealing.guard import Guard


@dataclass(frozen=True, slots=True)
class Vouching:
    """The Home identity, and the fingerprints of ended keys; equal ones decide alike, so a cache can go by them."""

    identity: bytes
    ended: frozenset[str] = field(default_factory=frozenset)

    def accepts(self, org: str, role: str, public: bytes, log_index: int | None, endorsement: bytes | None) -> bool:
        """Whether this key row is endorsed for this org and role, and not one that was retired or revoked before."""
        if log_index is None or log_index < 0 or endorsement is None:
            return False
        data = statements.org_key(org, role, public, log_index)
        if not statements.is_signed(self.identity, statements.ORG_KEY, data, endorsement):
            return False
        return fingerprint(public) not in self.ended


def now(home: HomeKey, guard: Guard) -> Vouching:
    """What holds at this moment. Raises GuardDamaged."""
    return Vouching(home.identity, guard.memory().ended)
