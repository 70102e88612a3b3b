"""An image is served under its hash, to be kept for good; nothing else is."""

import hashlib

from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.pages.pictures import LOGO_PLAN, Drawn
from proca_web.services.petitions.showing import pictures
from tests.databases import ON_SQLITE
from tests.factories import World

CONTENT = b"RIFF<script>alert(1)</script>"
NAME = hashlib.sha256(CONTENT).hexdigest()


@ON_SQLITE
def test_an_image_is_what_its_address_says_for_good(world: World, client: FlaskClient) -> None:
    with world.app.app_context(), writing() as session:
        pictures.store(session, 2, PictureKind.LOGO, [Drawn(LOGO_PLAN[0], CONTENT)], clock.now())
    answer = client.get(f"/image/{NAME}.webp")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, CONTENT, "image/webp")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    again = client.get(f"/image/{NAME}.webp", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for other in (f"{NAME}.png", f"{NAME}.svg", f"{NAME.upper()}.webp", f"{'0' * 64}.webp", "x.webp", f"{NAME}.webp/x"):
        assert client.get(f"/image/{other}").status_code == 404
