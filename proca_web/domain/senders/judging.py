"""What the name server's answers mean for one sender: faults, advice, and the record to publish."""

from collections.abc import Sequence

from proca_web.domain.delivery.click_tracking import provider_of
from proca_web.domain.senders import dmarc, spf
from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Address, Names, NotAnswered, Organisation, Sender, is_aligned

_OWN_ADDRESS = "ip4:YOUR.ADDRESS"


def judge(senders: Sequence[Sender], names: Names, organisation: Organisation) -> list[Finding]:
    """Everything about one From domain, however many mail servers send for it. Raises NotAnswered."""
    domain = senders[0].domain
    rules = dmarc.of(domain, names, organisation)
    found = list(rules.findings)
    for owner in dict.fromkeys((domain, *(sender.envelope for sender in senders))):
        found += _receiving(owner, names)
    for envelope in dict.fromkeys(sender.envelope for sender in senders):
        if not is_aligned(envelope, domain, organisation, strict=rules.is_strict_for_spf):
            found.append(Finding(Kind.SPF_UNALIGNED, {"domain": domain, "envelope": envelope}))
    for envelope, relay in dict.fromkeys((sender.envelope, sender.relay) for sender in senders):
        found += _sending(envelope, relay, names)
    return [finding for number, finding in enumerate(found) if finding not in found[:number]]


def _receiving(domain: str, names: Names) -> list[Finding]:
    exchangers = names.exchangers(domain)
    record = f"{domain} MX 10 YOUR.MAIL.SERVER"
    if list(exchangers) == ["."]:
        return [Finding(Kind.MX_NULL, {"domain": domain}, record)]
    if not exchangers and not names.addresses(domain):
        return [Finding(Kind.MX_NONE, {"domain": domain}, record)]
    return []


def _sending(domain: str, relay: str, names: Names) -> list[Finding]:
    """SPF of the envelope's domain for the host that takes our mails."""
    records = spf.records_of(names.texts(domain))
    addresses = _addresses(relay, names)
    term = _term(relay, addresses)
    if not records:
        return [Finding(Kind.SPF_NONE, {"domain": domain}, _record(domain, f"v=spf1 {term} ~all"))]
    if len(records) > 1:
        facts = {"domain": domain, "number": str(len(records))}
        return [Finding(Kind.SPF_SEVERAL, facts, _record(domain, spf.merged(records)))]
    (record,) = records
    walked, is_allowed = spf.walk(domain, record, addresses, names)
    found = [*walked.found, *_ending(domain, record, walked)]
    if any(finding.kind in (Kind.SPF_SYNTAX, Kind.SPF_INCLUDE) for finding in found):
        return found
    return found + _relay(domain, relay, record, walked, is_allowed=is_allowed)


def _ending(domain: str, record: str, walked: spf.Walk) -> list[Finding]:
    kinds = {"+": Kind.SPF_EVERYBODY, "?": Kind.SPF_NEUTRAL, None: Kind.SPF_OPEN}
    if walked.ending not in kinds or (walked.ending is None and (walked.is_unknown or walked.found)):
        return []
    return [Finding(kinds[walked.ending], {"domain": domain}, _record(domain, spf.with_end(record)))]


def _relay(domain: str, relay: str, record: str, walked: spf.Walk, *, is_allowed: bool) -> list[Finding]:
    """Whether the host is named, as far as that can be known: where mails come in is not always where they go out."""
    facts, provider = {"domain": domain, "relay": relay}, provider_of(relay)
    term = _term(relay, walked.addresses)
    if is_allowed or (provider is not None and provider.spf in walked.named):
        return [Finding(Kind.SPF_GOOD, {"domain": domain})]
    if provider is not None:
        added = _record(domain, spf.with_term(record, term)) if provider.spf else ""
        return [Finding(Kind.SPF_PROVIDER, facts, added)]
    if walked.is_unknown or not walked.addresses:
        return [Finding(Kind.SPF_UNSEEN, facts)]
    return [Finding(Kind.SPF_RELAY, facts, _record(domain, spf.with_term(record, term)))]


def _addresses(relay: str, names: Names) -> list[Address]:
    """Those that the world sees; none for a host of an inner network."""
    try:
        return [address for address in names.addresses(relay) if not address.is_loopback]
    except NotAnswered:
        return []


def _term(relay: str, addresses: Sequence[Address]) -> str:
    provider = provider_of(relay)
    if provider is not None and provider.spf:
        return f"include:{provider.spf}"
    return f"a:{relay}" if addresses else _OWN_ADDRESS


def _record(domain: str, text: str) -> str:
    return f'{domain} TXT "{text}"'
