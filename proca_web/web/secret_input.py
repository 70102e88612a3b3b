"""No secret reaches the server unnoticed: what is sent to the key routes is looked at before anything else reads it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Blueprint, g, request
from nacl.bindings import crypto_scalarmult_base
from sqlalchemy import select

from proca_web.adapters.database import reading
from proca_web.domain import secret_input
from proca_web.domain.errors import SecretGiven
from proca_web.domain.people.characters import is_text
from proca_web.models import PublicKey

MOST_BYTES = 64 * 1024  # no key file is as large; a picture is no text


class NoSecrets(Blueprint):
    """Routes below an org that no secret may reach: each request is looked at once access to the org is clear."""


def refuse_secrets(org_id: int) -> None:
    """Refuse what looks like a secret in query, form, files or JSON; keep the rest as `typed()`. Raises SecretGiven."""
    g.typed = _texts_of_form_or_json()
    if secret_input.looks_secret(_members(), _is_secret_of(org_id, g.typed)):
        raise SecretGiven


def typed() -> Mapping[str, str]:
    """The texts of a form or of a JSON object; whatever else it holds is left out."""
    texts: Mapping[str, str] = g.typed
    return texts


def _texts_of_form_or_json() -> dict[str, str]:
    try:
        content = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    except RecursionError:
        content = None
    pairs = content.items() if isinstance(content, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str) and is_text(value)}


def _members() -> Iterator[tuple[str, Any]]:
    for pairs in (request.args, request.form):
        yield from pairs.items(multi=True)
    for name, file in request.files.items(multi=True):
        content = file.read(MOST_BYTES + 1)
        file.seek(0)  # who takes the file reads it after us
        yield from ((name, text) for text in (_texts(content) if len(content) <= MOST_BYTES else ()))
        yield file.filename or "", ""
    if not request.form and not request.files:
        yield from (("", text) for text in _texts(request.get_data()))


def _texts(raw: bytes) -> set[str]:
    """As UTF-8, and as a reader of JSON takes it: that may be UTF-16 or -32, or begin with a byte order mark."""
    return {raw.decode(encoding, "replace") for encoding in ("utf-8", json.detect_encoding(raw))}


def _is_secret_of(org_id: int, sent: Mapping[str, str]) -> Callable[[bytes], bool]:
    """Whether 32 bytes are the secret of one of the org's keys, or of the public key that this request is about."""
    with reading() as session:
        query = select(PublicKey.public).where(PublicKey.org_id == org_id, PublicKey.kind == "recipient")
        publics = {bytes(row.public) for row in session.execute(query)}
    publics.update(secret_input.keys_in(sent.get("public", "")))
    return lambda value: crypto_scalarmult_base(value) in publics
