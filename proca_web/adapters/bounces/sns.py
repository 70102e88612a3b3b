"""Amazon SNS: messages of the topic that is ours, signed by Amazon; its certificate comes from Amazon's own host alone.

Nothing a message asks for is fetched: a subscription is confirmed by the operator, who is told how.
"""

import http.client
import re
import ssl
import threading
from base64 import b64decode
from typing import Any
from urllib.parse import urlencode, urlunsplit

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.bounces.proofs import CannotTell, NotProven, Sent
from proca_web.crypto import rsa
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.rsa import PublicKey

_OPTIONAL = "Subject"
_SIGNED = {
    "Notification": ("Message", "MessageId", _OPTIONAL, "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_DIGESTS = {"1": "sha1", "2": "sha256"}
_TOKEN = re.compile("[0-9a-f]{32,1024}")
_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem")
_TIMEOUT_SECONDS, _PAUSE_SECONDS = 5.0, 10.0
_LARGEST_CERTIFICATE, _MOST_KEYS = 16 * 1024, 8
_EXTENSION = "proca_sns"


def host_of(topic: str) -> str:
    """Where Amazon answers for a topic's region."""
    return f"sns.{topic.split(':')[3]}.amazonaws.com"


def proven(app: Flask, sent: Sent, topic: str) -> dict[str, Any]:
    """The message, once it is of our topic and Amazon signed it. Raises NotProven, CannotTell."""
    try:
        message = sent.json()
    except ValueError:
        raise NotProven from None
    if not isinstance(message, dict) or message.get("TopicArn") != topic:
        raise NotProven
    names = _SIGNED.get(str(message.get("Type")))
    digest = _DIGESTS.get(str(message.get("SignatureVersion")))
    path = str(message.get("SigningCertURL")).removeprefix(f"https://{host_of(topic)}")
    if names is None or digest is None or not _PATH.fullmatch(path):
        raise NotProven
    text, signature = _signed(message, names)
    if not _keys_of(app).find(host_of(topic), path).verifies(text, signature, digest):
        raise NotProven
    return message


def tell_how_to_subscribe(app: Flask, message: dict[str, Any], topic: str) -> None:
    """Say what the operator may open; the address is made here, and holds nothing but the topic and Amazon's token."""
    token = str(message.get("Token"))
    if _TOKEN.fullmatch(token):
        query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic, "Token": token})
        link = urlunsplit(("https", host_of(topic), "", query, ""))
        app.logger.critical("bounces: Amazon SNS asks to confirm %s; if you subscribed it, open %s", topic, link)


def _signed(message: dict[str, Any], names: tuple[str, ...]) -> tuple[bytes, bytes]:
    """What Amazon signed, and the signature."""
    lines = []
    for name in names:
        value = message.get(name)
        if isinstance(value, str):
            lines += [name, value]
        elif name != _OPTIONAL:
            raise NotProven
    try:
        signature = b64decode(str(message.get("Signature")), validate=True)
        return "".join(f"{line}\n" for line in lines).encode(), signature
    except ValueError:
        raise NotProven from None


class _Keys:
    """The keys of Amazon's certificates, each fetched once a process; strangers cannot make us ask often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._not_before = float("-inf")

    def find(self, host: str, path: str) -> PublicKey:
        """The key of a certificate. Raises CannotTell where it cannot be had now: Amazon sends again."""
        key = self._keys.get(path)
        return key or self._fetched(host, path)

    def _fetched(self, host: str, path: str) -> PublicKey:
        with self._lock:
            if path not in self._keys:
                if clock.monotonic() < self._not_before:
                    raise CannotTell
                self._not_before = clock.monotonic() + _PAUSE_SECONDS
                key = _read(fetch(host, path))
                self._keys = {**(self._keys if len(self._keys) < _MOST_KEYS else {}), path: key}
                self._not_before = float("-inf")
            return self._keys[path]


def fetch(host: str, path: str) -> bytes:
    """A small file over TLS, from that host and no other. Raises CannotTell."""
    connection = http.client.HTTPSConnection(host, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read(_LARGEST_CERTIFICATE + 1)
    except (OSError, http.client.HTTPException):
        raise CannotTell from None
    finally:
        connection.close()
    if answer.status != http.client.OK or len(content) > _LARGEST_CERTIFICATE:
        raise CannotTell
    return content


def _read(pem: bytes) -> PublicKey:
    try:
        return rsa.key_of_certificate(ssl.PEM_cert_to_DER_cert(pem.decode("ascii")))
    except (ValueError, EncodingError):
        raise CannotTell from None


def _keys_of(app: Flask) -> _Keys:
    keys: _Keys = app.extensions.setdefault(_EXTENSION, _Keys())
    return keys
