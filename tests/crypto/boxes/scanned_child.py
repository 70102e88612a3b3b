"""A process whose memory a test reads: it seals with one sender, says (masked) which secrets it had, ends it, waits.

Run as `scanned_child.py HOME_KEY_FILE RECIPIENT_HEX MODE`. A secret is told byte by byte under a mask, so that telling
it puts no copy of it into this memory.
"""

import json
import secrets
import sys
from pathlib import Path

from nacl._sodium import ffi

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealer
from proca_web.crypto.boxes.sender import Sender, SystemClock, open_sender
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.crypto.memory import Secret

MASK = 0xA5


def masked(secret: Secret) -> str:
    """The secret's bytes under the mask, in hexadecimal."""
    return bytes(cell ^ MASK for cell in memoryview(ffi.buffer(secret.pointer, secret.size))).hex()


def shared_key(sender: Sender) -> str:
    """The one key this sender shares, masked; in a frame of its own, which ends."""
    (shared,) = sender._shared.values()
    return masked(shared)


def main(key_file: str, recipient: str, mode: Mode) -> None:
    """Live, end, and wait to be looked at in between."""
    home = HomeKey.from_file(Path(key_file))
    told = {"home": masked(home.box_secret)}
    if mode is not Mode.STATIC:
        home.forget_box_secret()
    sender = open_sender(home, mode, first_nonce=secrets.token_bytes(24), clock=SystemClock())
    sender.row_id = 1
    sealer = Sealer(sender)
    for _ in range(3):
        sealer.seal(b"x" * 1024, RecipientKey(2, bytes.fromhex(recipient), "recipient", ""))
    told |= {"public": sender.public.hex(), "secret": masked(sender._secret), "shared": shared_key(sender)}
    print(json.dumps(told), flush=True)
    sys.stdin.readline()
    sender.end()
    print("ended", flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Mode[sys.argv[3]])
