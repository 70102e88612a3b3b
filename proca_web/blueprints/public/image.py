"""Pictures by the hash of their bytes: what is under such an address never changes, and everybody may keep it."""

import re

from flask import Blueprint, Response, abort, request

from proca_web.adapters.database import reading
from proca_web.services.petitions.showing import pictures
from proca_web.web.access import public

bp = Blueprint("image", __name__)

_FOR_GOOD = "public, max-age=31536000, immutable"
_HASH = re.compile("[0-9a-f]{64}")


@bp.get("/image/<sha256>.<ext>")
@public
def show(sha256: str, ext: str) -> Response:
    """One image; 304 for who has it already, without a look into the database."""
    if not _HASH.fullmatch(sha256):
        abort(404)
    kept = {"Cache-Control": _FOR_GOOD, "ETag": f'"{sha256}"'}
    if request.if_none_match.contains_weak(sha256):
        return Response(status=304, headers=kept)
    with reading() as session:
        image = pictures.content(session, sha256, ext)
    if image is None:
        abort(404)
    return Response(image.content, mimetype=image.type, headers=kept)
