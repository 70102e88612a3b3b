"""How we hear of mails that came back: the envelope address of each mail, and by what a mail provider proves itself."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from proca_web.config.reader import Reader

SES = "ses"  # proves itself by Amazon's signature; what is set is the topic that is ours
WITH_A_SECRET = ("postmark", "brevo", "mailgun", "standard")
CODE_LENGTH = 42
SHORTEST_SECRET = 16
_ENVELOPE = re.compile(r"""[^\s@<>(),;:"{}]*\{\}[^\s@<>(),;:"{}]*@[^\s@<>(),;:"{}]+""")
_LONGEST_LOCAL_PART = 64  # RFC 5321, 4.5.3.1.1
_TOPIC = re.compile(r"arn:aws(-us-gov)?:sns:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_BASE64_MARK = "whsec_"


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """`envelope` is an address with {} where a mail's code goes, or empty; a provider without a proof is not heard."""

    envelope: str
    proofs: Mapping[str, str] = field(repr=False)


def read(reader: Reader) -> BounceSettings:
    """What is set; faults are the reader's."""
    return BounceSettings(_envelope(reader), _proofs(reader))


def _envelope(reader: Reader) -> str:
    typed = reader.text("PROCA_MAIL_BOUNCE")
    local_part = typed.replace("{}", "0" * CODE_LENGTH).rpartition("@")[0]
    is_address = typed.isascii() and typed.isprintable() and _ENVELOPE.fullmatch(typed)
    if typed and (not is_address or len(local_part) > _LONGEST_LOCAL_PART):
        most = _LONGEST_LOCAL_PART - CODE_LENGTH
        reader.faults.append(
            "PROCA_MAIL_BOUNCE must be one address with {} once before its @, and "
            f"{most} other characters there at most, like bounces+{{}}@example.org"
        )
        return ""
    return typed


def _proofs(reader: Reader) -> dict[str, str]:
    """A secret by its provider; one without a name in front counts for every provider that has a secret."""
    named, for_all = {}, ""
    for given in filter(None, reader.text("PROCA_BOUNCE_SECRET").split(",")):
        provider, mark, proof = given.strip().partition(":")
        if mark and provider in (SES, *WITH_A_SECRET):
            named[provider] = proof
        elif mark:
            reader.faults.append("PROCA_BOUNCE_SECRET has a name before a colon that is none of " + _names())
        else:
            for_all = provider
    proofs = {**(dict.fromkeys(WITH_A_SECRET, for_all) if for_all else {}), **named}
    reader.faults += dict.fromkeys(fault for provider, proof in proofs.items() if (fault := _fault(provider, proof)))
    return proofs


def _fault(provider: str, proof: str) -> str:
    if provider == SES:
        is_topic = _TOPIC.fullmatch(proof)
        return "" if is_topic else "PROCA_BOUNCE_SECRET needs the ARN of your topic, like ses:arn:aws:sns:eu-west-1:…:…"
    if len(proof) < SHORTEST_SECRET:
        return f"PROCA_BOUNCE_SECRET needs secrets of at least {SHORTEST_SECRET} characters"
    if proof.startswith(_BASE64_MARK) and decoded(proof) is None:
        return f"PROCA_BOUNCE_SECRET has something after {_BASE64_MARK} that is not base64"
    return ""


def decoded(secret: str) -> bytes | None:
    """A secret of Standard Webhooks: base64, with or without its mark; None where it is something else."""
    try:
        return b64decode(secret.removeprefix(_BASE64_MARK), validate=True)
    except (binascii.Error, ValueError):
        return None


def _names() -> str:
    return ", ".join((SES, *WITH_A_SECRET))
