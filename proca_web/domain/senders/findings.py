"""What there is to say about a From domain, each with how grave it is and the sentence for people."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from proca_web.domain.messages import N_, Message


class Severity(StrEnum):
    """How grave it is: nothing to do, better done, mails get lost or are read by others."""

    GOOD = "good"
    ADVICE = "advice"
    FAULT = "fault"


class Kind(StrEnum):
    """What was found."""

    MX_NONE = "mx-none"
    MX_NULL = "mx-null"
    SPF_GOOD = "spf-good"
    SPF_NONE = "spf-none"
    SPF_SEVERAL = "spf-several"
    SPF_SYNTAX = "spf-syntax"
    SPF_LOOKUPS = "spf-lookups"
    SPF_INCLUDE = "spf-include"
    SPF_UNANSWERED = "spf-unanswered"
    SPF_EVERYBODY = "spf-everybody"
    SPF_NEUTRAL = "spf-neutral"
    SPF_OPEN = "spf-open"
    SPF_RELAY = "spf-relay"
    SPF_PROVIDER = "spf-provider"
    SPF_UNSEEN = "spf-unseen"
    SPF_UNALIGNED = "spf-unaligned"
    DMARC_GOOD = "dmarc-good"
    DMARC_NONE = "dmarc-none"
    DMARC_SEVERAL = "dmarc-several"
    DMARC_POLICY = "dmarc-policy"
    DMARC_WATCHES = "dmarc-watches"
    DKIM_UNSEEN = "dkim-unseen"
    DKIM_GOOD = "dkim-good"
    DKIM_NONE = "dkim-none"
    DKIM_KEY = "dkim-key"
    DKIM_BROKEN = "dkim-broken"
    DKIM_UNALIGNED = "dkim-unaligned"
    DKIM_SHORT = "dkim-short"
    DKIM_WEAK = "dkim-weak"
    LINKS_REWRITTEN = "links-rewritten"
    PIXEL = "pixel"
    RECEIVER_GOOD = "receiver-good"
    RECEIVER_BAD = "receiver-bad"


_G, _A, _F = Severity.GOOD, Severity.ADVICE, Severity.FAULT
_SAID = {
    Kind.MX_NONE: (_F, N_("Nothing receives mail for %(domain)s: answers and returned mails are lost.")),
    Kind.MX_NULL: (_F, N_("%(domain)s says that it receives no mail: answers and returned mails are lost.")),
    Kind.SPF_GOOD: (_G, N_("SPF: %(domain)s names the mail server.")),
    Kind.SPF_NONE: (_F, N_("SPF: %(domain)s does not say which servers may send for it.")),
    Kind.SPF_SEVERAL: (
        _F,
        N_("SPF: %(domain)s has %(number)s records where one is allowed; none counts. Put them into one."),
    ),
    Kind.SPF_SYNTAX: (_F, N_("SPF: “%(term)s” in the record of %(name)s is not understood; the whole record fails.")),
    Kind.SPF_LOOKUPS: (
        _F,
        N_("SPF: the record of %(domain)s takes %(number)s look-ups, and 10 are allowed. Remove what is not used."),
    ),
    Kind.SPF_INCLUDE: (_F, N_("SPF: %(domain)s refers to %(name)s, which has no usable record; all of it fails.")),
    Kind.SPF_UNANSWERED: (_A, N_("SPF: nobody answers for %(name)s, which the record of %(domain)s refers to.")),
    Kind.SPF_EVERYBODY: (_F, N_("SPF: %(domain)s lets everybody send (“+all”).")),
    Kind.SPF_NEUTRAL: (_A, N_("SPF: %(domain)s says nothing about other servers (“?all”).")),
    Kind.SPF_OPEN: (_A, N_("SPF: the record of %(domain)s has no end (“~all” or “-all”).")),
    Kind.SPF_RELAY: (
        _F,
        N_(
            "SPF: %(domain)s does not allow the addresses of %(relay)s. If it sends from other addresses, "
            "name those in the record."
        ),
    ),
    Kind.SPF_PROVIDER: (
        _A,
        N_("SPF: %(domain)s does not name %(relay)s. It need not where the provider uses an envelope of its own."),
    ),
    Kind.SPF_UNSEEN: (
        _A,
        N_("SPF: from which address %(relay)s sends cannot be seen from here; look whether %(domain)s allows it."),
    ),
    Kind.SPF_UNALIGNED: (
        _F,
        N_("SPF counts for %(envelope)s, not for %(domain)s in From: DMARC needs a DKIM signature of %(domain)s."),
    ),
    Kind.DMARC_GOOD: (_G, N_("DMARC: found at %(name)s, policy “%(policy)s”.")),
    Kind.DMARC_NONE: (_F, N_("DMARC: there is no record for %(domain)s; large mail providers ask for one.")),
    Kind.DMARC_SEVERAL: (_F, N_("DMARC: %(name)s has several records where one is allowed; none counts.")),
    Kind.DMARC_POLICY: (_F, N_("DMARC: the record at %(name)s has no policy; “p=none” is the least.")),
    Kind.DMARC_WATCHES: (
        _A,
        N_(
            "DMARC: %(name)s has the policy “none”, so anybody may write as %(domain)s. "
            "When all other points are good, ask for more."
        ),
    ),
    Kind.DKIM_UNSEEN: (
        _A,
        N_(
            "DKIM: not seen. Whoever runs this site sends a test mail (check --mail-to), saves it from the mailbox "
            "with all its headers, and hands it in (check --received FILE)."
        ),
    ),
    Kind.DKIM_GOOD: (_G, N_("DKIM: the mail came back with a good signature of %(signer)s (%(bits)s bits).")),
    Kind.DKIM_NONE: (_F, N_("DKIM: the mail came back without a signature. Switch it on at your mail server.")),
    Kind.DKIM_KEY: (_F, N_("DKIM: the key of a signature is not published: %(name)s. Your mail server says its text.")),
    Kind.DKIM_BROKEN: (_F, N_("DKIM: the signature of %(signer)s does not fit the mail that came back.")),
    Kind.DKIM_UNALIGNED: (
        _F,
        N_("DKIM: the mail is signed by %(signer)s, which does not stand for %(domain)s. Let it sign for %(domain)s."),
    ),
    Kind.DKIM_SHORT: (_F, N_("DKIM: the key of %(signer)s has %(bits)s bits; less than 1024 do not count.")),
    Kind.DKIM_WEAK: (_A, N_("DKIM: the key of %(signer)s has %(bits)s bits; 2048 are usual.")),
    Kind.LINKS_REWRITTEN: (
        _F,
        N_("The links in the mail do not lead to %(host)s any more: somebody on the way counts clicks. Switch it off."),
    ),
    Kind.PIXEL: (
        _F,
        N_("The mail came back with a picture in it that we did not put there: it counts openings. Switch it off."),
    ),
    Kind.RECEIVER_GOOD: (_G, N_("The mailbox (%(receiver)s) says: %(said)s.")),
    Kind.RECEIVER_BAD: (_F, N_("The mailbox (%(receiver)s) says: %(said)s.")),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `record` is what to publish: name, type and text; empty where it cannot be known."""

    kind: Kind
    facts: Mapping[str, str] = field(default_factory=dict)
    record: str = ""
    is_softened: bool = False

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return Severity.ADVICE if self.is_softened else _SAID[self.kind][0]

    @property
    def sentence(self) -> Message:
        """What is wrong, for whom."""
        return Message(_SAID[self.kind][1], self.facts)

    @property
    def in_english(self) -> str:
        """The sentence, and what to publish, for a terminal."""
        said = self.sentence.text % self.facts
        return f"{said} Publish: {self.record}" if self.record else said


def together(asked: Sequence[Finding], received: Sequence[Finding]) -> list[Finding]:
    """All that is known of a domain: gravest first; an envelope of another domain is no fault once DKIM was seen."""
    is_signed = any(finding.kind is Kind.DKIM_GOOD for finding in received)
    shown = [
        Finding(each.kind, each.facts, each.record, is_softened=is_signed and each.kind is Kind.SPF_UNALIGNED)
        for each in (*asked, *(received or (Finding(Kind.DKIM_UNSEEN),)))
    ]
    order = list(reversed(Severity))
    return sorted(shown, key=lambda finding: order.index(finding.severity))


def written(findings: Iterable[Finding]) -> str:
    """As JSON, to be kept."""
    return json.dumps([[each.kind, dict(each.facts), each.record] for each in findings], ensure_ascii=False)


def read(kept: str) -> list[Finding]:
    """From JSON; kinds of another version are left out."""
    known = set(Kind)
    return [Finding(Kind(kind), facts, record) for kind, facts, record in json.loads(kept) if kind in known]
