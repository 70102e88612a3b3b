"""No secret reaches the server unnoticed: what is sent to the key routes is looked at before anything else reads it."""

import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec

from flask import g, request
from flask.typing import ResponseReturnValue
from nacl.bindings import crypto_scalarmult_base
from sqlalchemy import select

from proca_web.adapters.database import reading
from proca_web.domain import secret_input
from proca_web.domain.errors import SecretGiven
from proca_web.models import PublicKey

P = ParamSpec("P")


def no_secrets(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Refuse a request that carries what looks like a secret, in its query, form, files or JSON. Raises SecretGiven."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if secret_input.looks_secret(_members(), _is_secret_of(g.org.id)):
            raise SecretGiven
        return view(*args, **kwargs)

    return guarded


def typed() -> dict[str, str]:
    """The texts of a form or of a JSON object; whatever else it holds is left out."""
    try:
        content = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    except RecursionError:
        content = None
    pairs = content.items() if isinstance(content, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}


def _members() -> Iterator[tuple[str, Any]]:
    for pairs in (request.args, request.form):
        yield from pairs.items(multi=True)
    for name, file in request.files.items(multi=True):
        yield from ((name, text) for text in _texts(file.read()))
        yield file.filename or "", ""
    if not request.form and not request.files:
        yield from (("", text) for text in _texts(request.get_data()))


def _texts(raw: bytes) -> set[str]:
    """As UTF-8, and as a reader of JSON takes it: that may be UTF-16 or -32, or begin with a byte order mark."""
    return {raw.decode(encoding, "replace") for encoding in ("utf-8", json.detect_encoding(raw))}


def _is_secret_of(org_id: int) -> Callable[[bytes], bool]:
    with reading() as session:
        query = select(PublicKey.public).where(PublicKey.org_id == org_id, PublicKey.kind == "recipient")
        publics = {bytes(row.public) for row in session.execute(query)}
    publics |= set(_named_publics())
    return lambda value: crypto_scalarmult_base(value) in publics


def _named_publics() -> Iterator[bytes]:
    """The public key that this very request is about."""
    yield from secret_input.keys_in(typed().get("public", ""))
