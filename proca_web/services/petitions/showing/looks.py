"""A page's picture beside its words, and what stands for the organisations that ask; read at once for many pages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.models import ActionPage, Org, Picture
from proca_web.services.petitions.showing import pictures
from proca_web.services.petitions.showing.pictures import Mark, Sources


@dataclass(frozen=True, slots=True)
class Shot:
    """A page's picture, and what is seen on it in the page's own language."""

    alt: str
    sources: Sources


@dataclass(frozen=True, slots=True)
class Looks:
    """The pictures of some pages by their ids, and the marks of some orgs by theirs."""

    shots: Mapping[int, Shot]
    marks: Mapping[int, Mark]


def read(session: Session, pages: Collection[ActionPage], orgs: Collection[Org]) -> Looks:
    """How these pages and orgs look, in two reads."""
    ids = {page.hero_id for page in pages if page.hero_id}
    found = {each.id: each for each in session.scalars(select(Picture).where(Picture.id.in_(ids)))} if ids else {}
    return Looks(
        shots={
            page.id: Shot(page.hero_alt, pictures.sources(found[page.hero_id]))
            for page in pages
            if page.hero_id in found
        },
        marks=pictures.marks(session, orgs),
    )
