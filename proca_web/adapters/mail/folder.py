"""The demo's mail: one file a message, in a folder that /mailbox shows; never in a database or log."""

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from flask import current_app

from proca_web.adapters import clock
from proca_web.adapters.mail import reading
from proca_web.adapters.mail.letters import Mail
from proca_web.adapters.mail.smtp import SafeConnection
from proca_web.domain.delivery.answers import SENT, Reply


class FolderConnection(SafeConnection):
    """A folder that takes every mail, as a mail server would."""

    def configure_host(self) -> Any:
        """Nothing to connect to."""
        return None

    def deliver(self, sender: str, mail: Mail) -> Reply:
        """Write the message down as its reader sees it."""
        folder: Path = current_app.config["MAILBOX_DIR"]
        message = reading.read(mail)
        content = {
            "to": mail.recipient,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "sent_at": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft = folder / f".{name}"
        try:
            draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
            os.replace(draft, folder / f"{name}.json")
        except OSError:
            draft.unlink(missing_ok=True)  # a full disk: half of a mail may stand there, with its address
            raise
        return SENT
