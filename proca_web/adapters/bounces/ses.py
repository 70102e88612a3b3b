"""Amazon SES, by way of SNS: its notifications and its events; the source of a mail is our envelope address."""

import json
from collections.abc import Iterator
from typing import Any

from flask import current_app

from proca_web.adapters.bounces import sns
from proca_web.adapters.bounces.proofs import Sent, at, texts
from proca_web.domain.bounce import Report, is_gone


def reports(sent: Sent, topic: str) -> Iterator[Report]:
    """Mails whose recipient is surely not there. Raises NotProven, CannotTell."""
    message = sns.proven(current_app, sent, topic)
    if message["Type"] == "SubscriptionConfirmation":
        sns.tell_how_to_subscribe(current_app, message, topic)
    if message["Type"] != "Notification":
        return
    event = _read(message["Message"])
    bounce = at(event, "bounce")
    kind = at(event, "notificationType") or at(event, "eventType")
    if kind == "Bounce" and at(bounce, "bounceType") == "Permanent" and _all_gone(at(bounce, "bouncedRecipients")):
        yield Report(texts(at(event, "mail", "source"), *_message_ids(at(event, "mail", "headers"))))


def _read(text: str) -> Any:
    """What SES says, or the sentence that SNS sends when a topic is set up."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _all_gone(recipients: Any) -> bool:
    if not isinstance(recipients, list) or not recipients:
        return False
    return all(is_gone(at(each, "status"), at(each, "diagnosticCode")) for each in recipients)


def _message_ids(headers: Any) -> list[Any]:
    """Our own, where the notification has the headers; SES sends the mail under another."""
    listed = headers if isinstance(headers, list) else []
    return [at(each, "value") for each in listed if str(at(each, "name")).lower() == "message-id"]
