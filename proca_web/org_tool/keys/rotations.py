"""One key follows another: the old key signs for the new one, so that the platform need not ask people (protocol 5).

Whoever holds such a signature can make the new key the org's own; it is made for keys of one org only.
"""

import time
from dataclasses import replace
from pathlib import Path

from proca_web.crypto.encoding import decode
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.statements import OrgRotation
from proca_web.org_tool.errors import UsageFault
from proca_web.org_tool.keys import key_files
from proca_web.org_tool.keys.passphrases import Passphrases


def open_old(path: Path, org: str, passphrases: Passphrases, place: int) -> OrgKey:
    """The key that is to be replaced. Raises UsageFault when it is another org's, ToolError when it does not open."""
    content = key_files.load(path)
    if content["org"] != org:
        raise UsageFault(f"{path} is the key of another org than {org}; a key is replaced by one of the same org.")
    return key_files.unlock(path, content, passphrases.ask(path, place))


def inherit(new: OrgKey, old: OrgKey) -> OrgKey:
    """The new key with the old one's pinned Home and origin, where it was given none of its own."""
    same_home = new.home_identity in ("", old.home_identity)
    return replace(
        new,
        home_identity=new.home_identity or old.home_identity,
        home_box=old.home_box if same_home else "",
        origin=new.origin or old.origin,
    )


def sign(old: OrgKey, new_public: bytes, new_sign: bytes) -> OrgRotation:
    """The old key's word, as of now, that the new key follows it."""
    return OrgRotation.sign(old.secret, old.org, old.public, new_public, new_sign, int(time.time()))


def sign_for_file(old_path: Path, new_path: Path, passphrases: Passphrases) -> tuple[OrgRotation, bytes]:
    """The same for two existing files, and the new public key; of the new file the public part is enough."""
    new = key_files.load(new_path)
    new_public = decode(new["public"], 32)
    if key_files.load(old_path)["public"] == new["public"]:
        raise UsageFault(f"{old_path} and {new_path} hold the same key; nothing is to be replaced.")
    passphrases.check_number(1)
    old = open_old(old_path, new["org"], passphrases, 0)
    return sign(old, new_public, decode(new["sign_public"], 32)), new_public
