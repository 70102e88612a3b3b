"""The DKIM signatures of a mail that came back, checked against the keys that are published now."""

from proca_web.adapters.senders.resolver import Resolver
from proca_web.domain.senders.received import Signature
from proca_web.domain.senders.sender import NotAnswered

MOST = 5


def of(raw: bytes, names: Resolver) -> list[Signature]:
    """Each signature of the mail. Raises NotAnswered."""
    import dkim  # noqa: PLC0415 -- only who checks a mail loads it

    try:
        mail = dkim.DKIM(raw, minkey=0)
    except dkim.MessageFormatError:
        return []
    number = sum(1 for name, _ in mail.headers if name.lower() == b"dkim-signature")
    return [_signature(raw, index, names) for index in range(min(number, MOST))]


def _signature(raw: bytes, index: int, names: Resolver) -> Signature:
    import dkim  # noqa: PLC0415

    mail, asked, failures = dkim.DKIM(raw, minkey=0), list[str](), list[NotAnswered]()

    def look_up(name: bytes, timeout: float = 0) -> bytes | None:
        """The key; what went wrong is remembered, because the library takes it for a bad signature."""
        try:
            found = names.texts(name.decode("ascii", "replace").rstrip("."))
        except NotAnswered as failure:
            failures.append(failure)
            return None
        asked.extend(found)
        return found[0].encode() if found else None

    try:
        is_good = bool(mail.verify(index, dnsfunc=look_up))
    except Exception:  # whatever a mail from outside makes of the library: its signature is not good
        is_good = False
    if failures:
        raise failures[0]
    fields = getattr(mail, "signature_fields", None) or {}
    signer, selector = (bytes(fields.get(tag, b"")).decode("ascii", "replace").strip() for tag in (b"d", b"s"))
    bits = int(getattr(mail, "keysize", 0) or 0)
    is_rsa = not bytes(fields.get(b"a", b"")).startswith(b"ed25519")
    is_published = any("p=" in text.replace(" ", "") for text in asked) or is_good
    return Signature(signer.lower(), f"{selector}._domainkey.{signer}", is_good, is_published, bits if is_rsa else 0)
