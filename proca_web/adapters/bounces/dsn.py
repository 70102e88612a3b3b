"""Reports by mail (RFC 3464): of a message in a mailbox, which of our mails it says came back for good.

A message is a report by its form alone. Postfix marks its reports "auto-replied" as holidays do, so that says nothing;
what has no delivery status is an answer of a person or a machine, and nobody's business here.
"""

from collections.abc import Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import Message

from proca_web.domain.bounce import Report, is_gone

# Where the address stands that a report was sent to; mail servers disagree.
_SENT_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
_NULL_SENDER = "<>"
_MOST_ADDRESSES = 20


def report_in(content: bytes) -> Report | None:
    """The mail that this message says came back for good; None where it says nothing of the kind."""
    try:
        message = message_from_bytes(content, policy=policy.compat32)
        return _report(message) if _is_report(message) else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # what no mail server has written
        return None


def _is_report(message: Message) -> bool:
    """Whether it has a report's form; those are sent from nowhere, so that nobody answers them."""
    sender = _texts(message, "Return-Path")
    is_from_nowhere = all(each.strip() == _NULL_SENDER for each in sender)
    return message.get_content_type() == "multipart/report" and message.is_multipart() and is_from_nowhere


def _report(message: Message) -> Report | None:
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    recipients = [each for part in parts for each in _recipients(part)]
    if not recipients or not all(_is_gone(each) for each in recipients):
        return None
    returned = [text for part in parts for text in _returned(part)]
    return Report((*_all(message, _SENT_TO), *returned))


def _recipients(part: Message) -> Iterator[Message]:
    """What is said of each recipient; what is said of the message as a whole stands before it."""
    if part.get_content_type() == "message/delivery-status" and part.is_multipart():
        yield from (block for block in part.get_payload() if isinstance(block, Message) and "Action" in block)


def _is_gone(recipient: Message) -> bool:
    """Failed for good; who was passed on to, was delayed, or is one of several that got it, is not gone."""
    action, status, said = (" ".join(_texts(recipient, name)) for name in ("Action", "Status", "Diagnostic-Code"))
    return action.strip().lower() == "failed" and is_gone(status.partition("(")[0], said)


def _returned(part: Message) -> Iterator[str]:
    """Of the mail that came back: its sender and its id. Some send no headers at all."""
    kind, content = part.get_content_type(), part.get_payload()
    headers = None
    if kind == "message/rfc822" and isinstance(content, list) and content:
        headers = content[0]
    elif kind == "text/rfc822-headers":
        decoded = part.get_payload(decode=True)
        headers = message_from_string(decoded.decode("ascii", "replace")) if isinstance(decoded, bytes) else None
    if isinstance(headers, Message):
        yield from _all(headers, ("Return-Path", "Message-ID"))


def _all(message: Message, names: tuple[str, ...]) -> list[str]:
    return [text for name in names for text in _texts(message, name)][:_MOST_ADDRESSES]


def _texts(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])]
