"""What a provider sent, and the proofs it can give that it is the provider; whoever fails one learns nothing."""

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from werkzeug.datastructures import Headers

_SECONDS = re.compile("[0-9]{1,11}")


class NotProven(Exception):
    """Whoever sent this did not show that it is the provider."""


class CannotTell(Exception):
    """Whether this is the provider cannot be known now; sent again later, it can."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request to the hook: its headers as they came, the body unread, and when."""

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime

    def json(self) -> Any:
        """The body as JSON. Raises ValueError, without what it holds."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ValueError("no JSON") from None


def at(value: Any, *path: str) -> Any:
    """What stands at that place of a JSON document; None where there is no such place."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def texts(*values: Any) -> tuple[str, ...]:
    """Those of the values that are texts."""
    return tuple(value for value in values if isinstance(value, str))


def require_password(sent: Sent, secret: str) -> None:
    """Basic authentication, whatever the user's name, or a bearer token. Raises NotProven."""
    kind, _, given = sent.headers.get("Authorization", "").partition(" ")
    shown = given.strip().encode()
    if kind.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).partition(b":")[2]
        except binascii.Error:
            raise NotProven from None
    elif kind.lower() != "bearer":
        raise NotProven
    if not hmac.compare_digest(shown, secret.encode()):
        raise NotProven


def require_moment(sent: Sent, seconds: Any, within: timedelta) -> None:
    """That a signed time, in seconds since 1970, is about now. Raises NotProven."""
    if not _SECONDS.fullmatch(str(seconds)) or abs(sent.at.timestamp() - int(seconds)) > within.total_seconds():
        raise NotProven


def signature(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256."""
    return hmac.digest(key, message, "sha256")
