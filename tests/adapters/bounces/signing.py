"""Who signs as Amazon SNS does, with OpenSSL and a certificate of its own."""

import base64
import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

_DIGESTS = {"1": "-sha1", "2": "-sha256"}


class Signer:
    """A key and its certificate in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sns.amazonaws.com"]
        self._openssl(*request, "-keyout", "key", "-out", "certificate")
        (folder / "public").write_bytes(self._openssl("x509", "-in", "certificate", "-pubkey", "-noout"))
        self.certificate = (folder / "certificate").read_bytes()

    def notification(self, document: Any, topic: str, version: str = "2", subject: str | None = None) -> dict[str, Any]:
        """A notification with that document, as SNS sends it."""
        message = self._message("Notification", topic, json.dumps(document) + "\n", version)
        if subject is not None:
            message["Subject"] = subject
        return self.sign(message)

    def subscription(self, topic: str) -> dict[str, Any]:
        """What SNS sends first."""
        message = self._message("SubscriptionConfirmation", topic, "You have chosen to subscribe …", "2")
        message |= {"Token": "2336412f37f" * 6, "SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"}
        return self.sign(message)

    def sign(self, message: dict[str, Any]) -> dict[str, Any]:
        """The message with its signature."""
        names = sorted(
            {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} & set(message)
        )
        signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
        signature = self._openssl("dgst", _DIGESTS[message["SignatureVersion"]], "-sign", "key", given=signed)
        return message | {"Signature": base64.b64encode(signature).decode()}

    def serve_tls(self) -> "Server":
        """A web server with this certificate, which nobody vouches for."""
        return Server(self.folder)

    def _message(self, kind: str, topic: str, text: str, version: str) -> dict[str, Any]:
        return {
            "Type": kind,
            "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc",
            "TopicArn": topic,
            "Message": text,
            "Timestamp": "2018-03-26T17:58:59.675Z",
            "SignatureVersion": version,
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-12345abcde.pem",
        }

    def _openssl(self, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, input=given, check=True, capture_output=True)
        return done.stdout


class Server:
    """Answers one file over TLS."""

    def __init__(self, folder: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate", folder / "key")
        self._server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        """Nothing stays open."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
