"""The values the templates of an action page need; one room, so that a preview is what people get."""

from proca_web.services.petitions.views import PageView


def values_of(view: PageView, **changes: object) -> dict[str, object]:
    """What the form's templates need; nothing typed, no faults, nobody known to have signed, unless said otherwise."""
    none: dict[str, object] = {
        "typed": {},
        "faults": {},
        "suggested": "",
        "kept": "",
        "paused": False,
        "late": None,
        "draft_url": "",
    }
    return {"view": view, "testing": False, "utm": {}, "signed": False, "refusal": None} | none | changes
