"""DMARC records (RFC 7489): where one is looked for, and what it asks of a mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Names, Organisation

_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Dmarc:
    """What counts for a From domain: whether domains must be the very same, and what there is to say."""

    findings: Sequence[Finding]
    is_strict_for_spf: bool = False
    is_strict_for_dkim: bool = False


def of(domain: str, names: Names, organisation: Organisation) -> Dmarc:
    """Asked of the domain, then of its organisation's. Raises NotAnswered."""
    for owner in dict.fromkeys((domain, organisation(domain))):
        name = f"_dmarc.{owner}"
        found = [text for text in names.texts(name) if _version(text)]
        if len(found) > 1:
            return Dmarc([Finding(Kind.DMARC_SEVERAL, {"name": name}, _record(owner, "v=DMARC1; p=none"))])
        if found:
            return _read(domain, owner, found[0])
    return Dmarc([Finding(Kind.DMARC_NONE, {"domain": domain}, _record(domain, "v=DMARC1; p=none"))])


def _version(text: str) -> bool:
    return text.partition(";")[0].replace(" ", "") == "v=DMARC1"


def _read(domain: str, owner: str, text: str) -> Dmarc:
    tags = _tags(text)
    name, policy = f"_dmarc.{owner}", tags.get("p", "").lower()
    if owner != domain and tags.get("sp"):
        policy = tags["sp"].lower()
    if policy not in _POLICIES:
        found = Finding(Kind.DMARC_POLICY, {"name": name}, _record(owner, _with_policy(text, "none")))
    elif policy == "none":
        facts = {"name": name, "domain": domain}
        found = Finding(Kind.DMARC_WATCHES, facts, _record(owner, _with_policy(text, "quarantine")))
    else:
        found = Finding(Kind.DMARC_GOOD, {"name": name, "policy": policy})
    return Dmarc([found], _is_strict(tags, "aspf"), _is_strict(tags, "adkim"))


def _is_strict(tags: dict[str, str], name: str) -> bool:
    return tags.get(name, "r").lower() == "s"


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, mark, value in pairs if mark}


def _with_policy(text: str, policy: str) -> str:
    kept = [f"{name}={value}" for name, value in _tags(text).items() if name not in ("v", "p", "sp")]
    return "; ".join(["v=DMARC1", f"p={policy}", *kept])


def _record(owner: str, text: str) -> str:
    return f'_dmarc.{owner} TXT "{text}"'
