"""The DKIM signatures of a mail that came back, checked against the keys that are published now."""

from proca_web.adapters import clock
from proca_web.adapters.senders.resolver import Resolver
from proca_web.crypto import dkim
from proca_web.crypto.errors import EncodingError
from proca_web.domain.senders.received import Signature

MOST = 5


def of(raw: bytes, names: Resolver) -> list[Signature]:
    """Each signature of the mail. Raises NotAnswered."""
    return [_judged(signature, names) for signature in dkim.signatures(raw)[:MOST]]


def _judged(signature: dkim.Signature, names: Resolver) -> Signature:
    key = None
    for text in names.texts(signature.key_name) if signature.domain else ():
        try:
            key = dkim.key_of(text)
        except EncodingError:
            continue
        break
    return Signature(
        signer=signature.domain,
        key_name=signature.key_name,
        is_good=key is not None and signature.is_by(key, int(clock.now().timestamp())),
        is_published=key is not None,
        bits=key.bits if key is not None and signature.is_rsa else 0,
    )
