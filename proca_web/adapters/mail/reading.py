"""A mail as a mail program reads it: what the demo's mailbox and the preview in the console show."""

import base64
from dataclasses import dataclass
from email import message_from_bytes, policy

from proca_web.adapters.mail.letters import Mail


@dataclass(frozen=True, slots=True)
class Read:
    """The parts of a mail. A picture that came with it stands in the HTML itself."""

    sender: str
    reply_to: str
    subject: str
    text: str | None
    html: str | None


def read(mail: Mail) -> Read:
    """What went over the wire, read."""
    message = mail.wire.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    found = message_from_bytes(message, policy=policy.default)
    bodies = [found.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (body.get_content() if body is not None else None for body in bodies)
    for part in found.walk():
        if html and part["Content-ID"]:
            data = base64.b64encode(part.get_content()).decode("ascii")
            html = html.replace(
                f"cid:{part['Content-ID'].strip('<>')}", f"data:{part.get_content_type()};base64,{data}"
            )
    return Read(str(found["From"]), str(found["Reply-To"] or ""), str(found["Subject"]), text, html)
