"""Pictures of orgs, as this site has drawn them: kept once by their hash, and for each where to find which size.

Nothing that was uploaded is ever kept here.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.pages import colors
from proca_web.domain.pages.colors import Shades
from proca_web.domain.pages.pictures import ENDINGS, Drawn, Use
from proca_web.models import ActionPage, FormDraft, Image, Org, Picture
from proca_web.services import driver

UNUSED_FOR = timedelta(hours=24)
# An image that is there already is as good as new: whoever sweeps unused ones leaves it.
_KEEP = driver.insert(
    Image,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["sha256"], set_={"created_at": insert.excluded.created_at}
    ),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One size, served under its own hash."""

    use: Use
    sha256: str
    type: str
    width: int
    height: int

    @property
    def ext(self) -> str:
        """The end of its name."""
        return ENDINGS[self.type]


@dataclass(frozen=True, slots=True)
class Sources:
    """A picture for templates: `best` is WebP, the widest first; `fallback` what every browser knows."""

    best: Sequence[Source]
    fallback: Source
    card: Source | None = None
    mail: Source | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands for an org beside its name: its logo, or its first letters on its colour."""

    name: str
    initials: str
    shades: Shades
    logo: Sources | None


def store(session: Session, org_id: int, kind: PictureKind, drawn: Sequence[Drawn], now: datetime) -> Picture:
    """Keep a picture of an org; a new logo takes the place of the one before."""
    sizes = [_kept(session, each, now) for each in drawn]
    if kind is PictureKind.LOGO:
        remove_logo(session, org_id)
    picture = Picture(org_id=org_id, kind=kind, sizes=sizes, created_at=now)
    session.add(picture)
    session.flush()
    return picture


def remove_logo(session: Session, org_id: int) -> bool:
    """The org has no logo any more; whether it had one."""
    logo = delete(Picture).where(Picture.org_id == org_id, Picture.kind == PictureKind.LOGO)
    return bool(driver.changed(session, logo))


def of_org(session: Session, org_id: int, picture_id: int) -> Picture | None:
    """A picture by its number, if it is this org's."""
    where = (Picture.id == picture_id, Picture.org_id == org_id)
    return session.scalars(select(Picture).where(*where)).first()


def sources(picture: Picture) -> Sources:
    """Where its sizes are."""
    sizes = [_source(size) for size in picture.sizes]
    by_use = {source.use: source for source in sizes}
    best = [source for source in sizes if source.use in (Use.WIDE, Use.MARK)]
    return Sources(best, by_use[Use.FALLBACK], by_use.get(Use.CARD), by_use.get(Use.MAIL))


def marks(session: Session, orgs: Collection[Org]) -> Mapping[int, Mark]:
    """What stands for these orgs, by their ids."""
    where = (Picture.kind == PictureKind.LOGO, Picture.org_id.in_([org.id for org in orgs]))
    logos = {picture.org_id: sources(picture) for picture in session.scalars(select(Picture).where(*where))}
    return {org.id: Mark(org.title, initials(org.title), colors.shades(org.color), logos.get(org.id)) for org in orgs}


def logo_files(session: Session) -> Mapping[int, str]:
    """Under which name the logo of each org that has one is served, by the org's id."""
    logos = session.execute(select(Picture.org_id, Picture).where(Picture.kind == PictureKind.LOGO))
    found = {row.org_id: sources(row.Picture).fallback for row in logos}
    return {org_id: f"{source.sha256}.{source.ext}" for org_id, source in found.items()}


def file_of(session: Session, picture_id: int | None) -> str:
    """Under which name a picture is served; empty for none."""
    picture = session.get(Picture, picture_id) if picture_id is not None else None
    source = sources(picture).fallback if picture is not None else None
    return f"{source.sha256}.{source.ext}" if source is not None else ""


def initials(title: str) -> str:
    """The first letters of the first two words."""
    words = [word for word in title.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or title[:1]


def content(session: Session, sha256: str, ext: str) -> Image | None:
    """The image of that hash, if it is of that type."""
    image = session.get(Image, sha256)
    return image if image is not None and ENDINGS.get(image.type) == ext else None


def sweep(session: Session, before: datetime) -> None:
    """Forget pictures that no page shows since, and images of no picture."""
    shown = select(ActionPage.hero_id).where(ActionPage.hero_id.is_not(None))
    unused = (Picture.kind == PictureKind.HERO, Picture.created_at < before, Picture.id.not_in(shown))
    begun = [number for fields in session.scalars(select(FormDraft.fields)) if (number := _hero_of(fields))]
    session.execute(delete(Picture).where(*unused, Picture.id.not_in(begun)))
    used = {size["sha256"] for sizes in session.scalars(select(Picture.sizes)) for size in sizes}
    old = session.scalars(select(Image.sha256).where(Image.created_at < before)).all()
    for sha256 in set(old) - used:
        session.execute(delete(Image).where(Image.sha256 == sha256, Image.created_at < before))


def _hero_of(fields: Mapping[str, Any]) -> int:
    """The picture that a form which is not saved yet holds."""
    chosen = str(fields.get("hero", ""))
    return int(chosen) if chosen.isascii() and chosen.isdigit() else 0


def _kept(session: Session, drawn: Drawn, now: datetime) -> dict[str, Any]:
    sha256, plan = hashlib.sha256(drawn.content).hexdigest(), drawn.plan
    said = {"sha256": sha256, "type": plan.type, "width": plan.width, "height": plan.height}
    session.execute(_KEEP.of(session), {**said, "bytes": drawn.content, "created_at": now})
    return {"use": str(plan.use), **said}


def _source(size: Mapping[str, Any]) -> Source:
    return Source(Use(size["use"]), size["sha256"], size["type"], size["width"], size["height"])
