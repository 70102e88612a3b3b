"""Whether something sent to the server looks like a secret, which it must never see (protocol 5).

Names are looked at in every depth, values for a key file or for the secret of one of the org's own keys. Nothing that
was looked at is kept, logged or named in the refusal.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SECRET_NAMES = frozenset(
    (
        "private",
        "privatekey",
        "secret",
        "secretkey",
        "sk",
        "seed",
        "mnemonic",
        "passphrase",
        "seal",
        "keystore",
        "orgkey",
    )
)
_KEY_FILE = "proca-web-orgkey"
_LETTERS = re.compile("[^a-z]")
_HEX = re.compile("[0-9a-fA-F]{64}")
_WORD = re.compile(r"(?:0[xX](?=[0-9a-fA-F]{64}))?([A-Za-z0-9+/_-]{42,64}={0,2})")
DEEPEST = 20
KEY_BYTES = 32
_WORDS_LOOKED_AT = 50

Member = tuple[str, Any]


class _Object(list[Member]):
    """A JSON object with every member that was sent: of two with one name a plain reader forgets the first."""


def looks_secret(members: Iterable[Member], is_secret_of_ours: Callable[[bytes], bool]) -> bool:
    """Whether any name or value does; `is_secret_of_ours` is asked about 32 bytes that a value decodes to.

    Members are the parts of a form as names and values; a JSON body is the value of one without a name.
    """
    for name, value in _all_members(members):
        if _LETTERS.sub("", name.lower()) in SECRET_NAMES:
            return True
        if isinstance(value, str) and (_KEY_FILE in value or any(map(is_secret_of_ours, keys_in(value)))):
            return True
    return False


def _all_members(members: Iterable[Member], depth: int = 0) -> Iterator[Member]:
    """Every name and value in every depth; JSON inside of a text is looked into. Too deep counts as a secret."""
    for name, value in members:
        if depth > DEEPEST:
            yield "secret", ""
            return
        yield name, value
        inside = _as_json(value) if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") else value
        if isinstance(inside, _Object):
            yield from _all_members(inside, depth + 1)
        elif isinstance(inside, list):
            yield from _all_members((("", item) for item in inside), depth + 1)


def _as_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except ValueError:
        return None
    except RecursionError:
        return _Object([("secret", "")])


def keys_in(text: str) -> Iterator[bytes]:
    """What a text holds that decodes to 32 bytes, in the ways keys are written down."""
    for _, word in zip(range(_WORDS_LOOKED_AT), _WORD.findall(text), strict=False):
        if _HEX.fullmatch(word):
            yield bytes.fromhex(word)
        standard = word.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(standard + "=" * (-len(standard) % 4))
        except binascii.Error:
            continue
        if len(decoded) == KEY_BYTES:
            yield decoded
