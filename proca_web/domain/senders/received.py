"""What a mail that went out and came back shows: its signature, its links, and what the mailbox's server thought of it.

The server's own words are what that server claims; everything else is seen in the mail itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr
from html.parser import HTMLParser
from urllib.parse import urlsplit

from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Organisation, domain_of, is_aligned

SHORTEST_KEY, USUAL_KEY = 1024, 2048
_METHODS = ("spf", "dkim", "dmarc")
_RESULT = re.compile(r"\s*(?P<method>[a-z]+)\s*=\s*(?P<result>[a-z]+)\b", re.I)
_COMMENT = re.compile(r"\([^()]*\)")
_HEADER_NAME = "Authentication-Results"


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM signature: who signs, where its key is, whether it fits; bits are 0 where there is no RSA key."""

    signer: str
    key_name: str
    is_good: bool
    is_published: bool
    bits: int


class _Page(HTMLParser):
    """The links and pictures of an HTML body."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.has_picture = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where a link leads, and that there is a picture."""
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        self.has_picture = self.has_picture or tag == "img"


class Received:
    """A mail as it was saved from a mailbox."""

    def __init__(self, raw: bytes) -> None:
        self._message = message_from_bytes(raw, policy=policy.default)

    @property
    def domain(self) -> str:
        """The From domain; empty where there is none."""
        return domain_of(parseaddr(str(self._message.get("From", "")))[1])

    def findings(self, host: str) -> list[Finding]:
        """About its links, which lead to `host` when we write it, its pictures, and what the mailbox's server says."""
        return [*self._tracking(host), *self._claims()]

    def _tracking(self, host: str) -> Iterator[Finding]:
        page = _Page()
        page.feed(self._body("html"))
        urls = page.links or re.findall(r"https?://\S+", self._body("plain"))
        if urls and not any(urlsplit(url).hostname == host for url in urls):
            yield Finding(Kind.LINKS_REWRITTEN, {"host": host})
        if page.has_picture:
            yield Finding(Kind.PIXEL)

    def _body(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        try:
            return str(part.get_content()) if part is not None else ""
        except (LookupError, ValueError):
            return ""

    def _claims(self) -> Iterator[Finding]:
        """Of the topmost header, which the last server wrote; those below may be anybody's."""
        headers = self._message.get_all(_HEADER_NAME)
        if not headers:
            return
        text = str(headers[0])
        while (shorter := _COMMENT.sub(" ", text)) != text:
            text = shorter
        receiver, *rest = text.split(";")
        results = [result for part in rest if (result := _RESULT.match(part)) and result["method"].lower() in _METHODS]
        if not results:
            return
        said = dict.fromkeys(f"{result['method'].lower()}={result['result'].lower()}" for result in results)
        dmarc = [result["result"].lower() for result in results if result["method"].lower() == "dmarc"]
        is_good = "pass" in dmarc or (not dmarc and all("=pass" in each for each in said))
        kind = Kind.RECEIVER_GOOD if is_good else Kind.RECEIVER_BAD
        name = (receiver.split() or [""])[0][:253]
        yield Finding(kind, {"receiver": name, "said": ", ".join(said)})


def of_signatures(
    domain: str, signatures: Sequence[Signature], organisation: Organisation, *, strict: bool
) -> list[Finding]:
    """The best that its signatures show: one good signature that stands for From is enough."""
    if not signatures:
        return [Finding(Kind.DKIM_NONE)]
    found = [(_of_signature(domain, each, organisation, strict=strict), each) for each in signatures]
    order = (Kind.DKIM_GOOD, Kind.DKIM_WEAK, Kind.DKIM_SHORT, Kind.DKIM_UNALIGNED, Kind.DKIM_KEY, Kind.DKIM_BROKEN)
    kind, best = min(found, key=lambda each: order.index(each[0]))
    facts = {"domain": domain, "signer": best.signer, "bits": str(best.bits), "name": best.key_name}
    if kind is Kind.DKIM_WEAK:
        return [Finding(Kind.DKIM_GOOD, facts), Finding(kind, facts)]
    return [Finding(kind, facts)]


def _of_signature(domain: str, signature: Signature, organisation: Organisation, *, strict: bool) -> Kind:
    if not signature.is_published:
        return Kind.DKIM_KEY
    if not signature.is_good:
        return Kind.DKIM_BROKEN
    if not is_aligned(signature.signer, domain, organisation, strict=strict):
        return Kind.DKIM_UNALIGNED
    if 0 < signature.bits < SHORTEST_KEY:
        return Kind.DKIM_SHORT
    return Kind.DKIM_WEAK if 0 < signature.bits < USUAL_KEY else Kind.DKIM_GOOD
