"""What somebody typed into a form they may not send any more, shown once more for copying: nothing typed is lost.

Never what may be a secret: no password, no code, and nothing at all where secrets are refused unread.
"""

from collections.abc import Sequence

from flask import current_app, request

from proca_web.web.secret_input import NoSecrets

MOST_BYTES = 64 * 1024
_NEVER = ("csrf_token", "password", "code", "secret", "token")


def texts() -> Sequence[tuple[str, str]]:
    """Fields and what stands in them, of a form that is no larger than forms are."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if isinstance(blueprint, NoSecrets) or (request.content_length or 0) > MOST_BYTES:
        return ()
    pairs = request.form.items(multi=True)
    return [(name, said) for name, said in pairs if said.strip() and not any(part in name for part in _NEVER)]
