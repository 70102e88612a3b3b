"""A mail server's DKIM key, and mails as it signs them."""

import base64
import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage


@dataclass(frozen=True)
class DkimKey:
    """A private key, and the record that publishes its other half."""

    pem: bytes
    record: str

    def signed(self, mail: bytes, domain: str, selector: str = "s1") -> bytes:
        """The mail with a signature on top."""
        head, _, body = mail.partition(b"\r\n\r\n")
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
        hashed = hashlib.sha256(b"\r\n".join(lines).rstrip(b"\r\n") + b"\r\n").digest()
        said = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector}; h=from:subject; "
        said += f"bh={base64.b64encode(hashed).decode()}; b="
        names = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in head.split(b"\r\n")}
        data = b"from:%b\r\nsubject:%b\r\ndkim-signature:%b" % (names[b"from"], names[b"subject"], said.encode())
        with tempfile.NamedTemporaryFile() as key:
            key.write(self.pem)
            key.flush()
            command = ["openssl", "dgst", "-sha256", "-sign", key.name]
            made = subprocess.run(command, input=data, capture_output=True, check=True).stdout
        return f"DKIM-Signature: {said}{base64.b64encode(made).decode()}\r\n".encode() + mail


def new_key(bits: int) -> DkimKey:
    """An RSA key."""
    made = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], capture_output=True, check=True).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=made, capture_output=True, check=True
    )
    return DkimKey(made, f"v=DKIM1; k=rsa; p={base64.b64encode(public.stdout).decode()}")


def txt(name: str, text: str) -> str:
    """A line of a zone: long texts stand in pieces."""
    pieces = " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))
    return f"{name}. TXT {pieces}\n"


def mail(sender: str = "petitions@good.example", link: str = "http://localhost/", more: str = "") -> bytes:
    """A mail as we write it, and as a mailbox has it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        f"Org One <{sender}>",
        "zofia@example.org",
        "proca_web: mail works",
    )
    message.set_content(f"This is the test mail.\n{link}\n")
    message.add_alternative(f'<p>This is it.</p><p><a href="{link}">{link}</a></p>{more}', subtype="html")
    return message.as_bytes().replace(b"\n", b"\r\n")
