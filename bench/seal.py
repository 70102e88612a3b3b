"""Copies a second, composed and sealed by the extension's parts, against raw PyNaCl with one kept Box."""

import argparse
import os
import statistics
import time
from datetime import UTC, datetime

from nacl.public import Box, PrivateKey

from bench.rows import person
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import RecipientKey, fingerprint
from proca_web.domain.rows import plaintext
from proca_web.domain.rows.plaintext import Context
from proca_web.services.sealing.senders import SenderSource

SUBMISSIONS = 5000


def run(options: argparse.Namespace) -> dict[str, object]:
    """Two copies a submission, in each sender mode."""
    keys = [PrivateKey.generate() for _ in range(2)]
    recipients = [
        RecipientKey(n, bytes(k.public_key), "recipient", fingerprint(bytes(k.public_key))) for n, k in enumerate(keys)
    ]
    raw = statistics.median(_raw(keys) for _ in range(options.rounds))
    figures: dict[str, object] = {"raw": raw}
    for mode in Mode:
        rate = statistics.median(_ours(mode, recipients) for _ in range(options.rounds))
        figures[mode.name.lower()] = rate
        print(f"{mode.name.lower():10} {rate:8.0f} copies/s = {rate / raw:.2f} of raw PyNaCl ({raw:.0f}/s)", flush=True)
    return figures


def _ours(mode: Mode, recipients: list[RecipientKey]) -> float:
    source = SenderSource(HomeKey(bytearray(encode(os.urandom(32)).encode())), mode, lambda _sender: 1)
    contact, now = person(1), datetime.now(UTC)
    number = SUBMISSIONS if mode is not Mode.THROWAWAY else SUBMISSIONS // 5
    start = time.perf_counter()
    for _ in range(number):
        with source.submission() as sealer:
            for key in recipients:
                context = Context(
                    "H" * 39, "a" * 22, "b" * 22, "trees", "trees", "org-one", True, True, "c" * 43, now, "d" * 43
                )
                sealer.seal(plaintext.compose(contact, context, to=key.fingerprint, role=key.role), key)
    rate = 2 * number / (time.perf_counter() - start)
    source.end()
    return rate


def _raw(keys: list[PrivateKey]) -> float:
    boxes = [Box(PrivateKey.generate(), key.public_key) for key in keys]
    text, nonce = b"x" * 1024, os.urandom(24)
    start = time.perf_counter()
    for _ in range(SUBMISSIONS):
        for box in boxes:
            box.encrypt(text, nonce)
    return 2 * SUBMISSIONS / (time.perf_counter() - start)
