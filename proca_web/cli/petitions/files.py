"""Pictures in files that commands are given."""

from pathlib import Path

import click

from proca_web.adapters.drawing import pictures
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.pictures import Drawn

PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)


def drawn(kind: PictureKind, path: object) -> list[Drawn]:
    """The picture in that file, drawn in its sizes; none for no file. Raises click.BadParameter."""
    if not isinstance(path, Path):
        return []
    try:
        return pictures.draw(kind, path.read_bytes())
    except FieldsRefused as refusal:
        (message,) = refusal.faults.values()
        raise click.BadParameter(message.text % message.values, param_hint=f"--{kind}") from refusal
