"""What the providers' own documentation shows, with our words where they hand those back; signed as each does."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import Headers

from proca_web.adapters.bounces.proofs import Sent

SECRET = "a-secret-of-a-provider"
NOW = datetime(2026, 2, 3, 19, 30, tzinfo=UTC)
OURS = "bounces+CODE@example.org"
MESSAGE_ID = "<AAECAwQFBgcICQoLDA0ODw@example.org>"


def sent(document: Any, at: datetime = NOW, **headers: str) -> Sent:
    """A request with that document; a name's _ stands for -."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Sent(Headers([(name.replace("_", "-"), value) for name, value in headers.items()]), body, at)


def basic(password: str = SECRET, user: str = "proca") -> dict[str, str]:
    """Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def postmark(code: str = "CODE", **changes: Any) -> dict[str, Any]:
    """postmarkapp.com/email-webhooks, with the details of a real one and the metadata that we give."""
    return {
        "RecordType": "Bounce",
        "ID": 42,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "Test",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Email": "john@example.com",
        "BouncedAt": "2014-08-01T13:28:10.2735393-04:00",
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Test subject",
        "Metadata": {"bounce": code},
        **changes,
    }


def brevo(code: str = "CODE", **changes: Any) -> dict[str, Any]:
    """developers.brevo.com/docs/transactional-webhooks, with a reason as real ones have it."""
    return {
        "event": "hard_bounce",
        "email": "example@domain.com",
        "id": 26224,
        "date": "2020-10-09 00:00:00",
        "ts": 1604933619,
        "message-id": "201798300811.5787683@relay.domain.com",
        "ts_event": 1604933654,
        "subject": "My first Transactional",
        "X-Mailin-custom": code,
        "template_id": 22,
        "tag": '["transactionalTag"]',
        "sending_ip": "185.41.28.109",
        "ts_epoch": 1604933623,
        "reason": "550 RecipientError: 550 5.1.1 <example@domain.com>: Recipient address rejected: User unknown",
        **changes,
    }


def mailgun(sender: str = OURS, at: datetime = NOW, key: str = SECRET, **changes: Any) -> dict[str, Any]:
    """documentation.mailgun.com, webhook payloads: a permanent failure, signed at a moment."""
    stamp, token = str(int(at.timestamp())), "651869375b9df3c98fc15c4889b102119add1235c38fc92824"
    proof = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    event = {
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1521233195.375624,
        "log-level": "error",
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "delivery-status": {
            "attempt-no": 1,
            "message": "5.1.1 The email account that you tried to reach does not exist. Please try\n5.1.1 again",
            "code": 550,
            "enhanced-code": "5.1.1",
            "description": "",
            "session-seconds": 2.95,
        },
        "flags": {"is-routed": False, "is-authenticated": True, "is-system-test": False, "is-test-mode": False},
        "envelope": {"sender": sender, "transport": "smtp", "targets": "alice@example.com"},
        "message": {
            "headers": {
                "to": "Alice <alice@example.com>",
                "message-id": MESSAGE_ID.strip("<>"),
                "from": "x@example.org",
            },
            "attachments": [],
            "size": 111,
        },
        "recipient": "alice@example.com",
        "recipient-domain": "example.com",
        "tags": [],
        "user-variables": {},
        **changes,
    }
    return {"signature": {"timestamp": stamp, "token": token, "signature": proof}, "event-data": event}


def standard(**data: Any) -> bytes:
    """The event that we define."""
    return json.dumps({"type": "mail.bounced", "timestamp": "2026-02-03T19:30:00Z", "data": data}).encode()


def signed_as_standard(body: bytes, at: datetime = NOW, key: bytes = SECRET.encode()) -> dict[str, str]:
    """The three headers of Standard Webhooks."""
    name, stamp = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", str(int(at.timestamp()))
    proof = hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")
    return {
        "webhook_id": name,
        "webhook_timestamp": stamp,
        "webhook_signature": f"v1a,other v1,{base64.b64encode(proof).decode()}",
    }


def ses(source: str = OURS, **changes: Any) -> dict[str, Any]:
    """docs.aws.amazon.com/ses, notification examples: a bounce with a DSN and the original headers."""
    recipient = {
        "emailAddress": "jane@example.com",
        "status": "5.1.1",
        "action": "failed",
        "diagnosticCode": "smtp; 550 5.1.1 <jane@example.com>... User unknown",
    }
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "reportingMTA": "dns; email.example.com",
            "bouncedRecipients": [recipient],
            "bounceSubType": "General",
            "timestamp": "2016-01-27T14:59:38.237Z",
            "feedbackId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa068a-000000",
            "remoteMtaIp": "127.0.2.0",
            **changes,
        },
        "mail": {
            "timestamp": "2016-01-27T14:59:38.237Z",
            "source": source,
            "sourceArn": "arn:aws:ses:us-east-1:888888888888:identity/example.com",
            "messageId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
            "destination": ["jane@example.com"],
            "headersTruncated": False,
            "headers": [{"name": "From", "value": "x@example.org"}, {"name": "Message-ID", "value": MESSAGE_ID}],
        },
    }
