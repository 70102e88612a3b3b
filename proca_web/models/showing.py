"""What a page shows beside its text: pictures, news, comments that were let through, and numbers from elsewhere."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.domain.campaign_words import CommentState, NewsKind, PictureKind
from proca_web.models.base import NEVER_REUSED, Base, one_of

LARGEST_IMAGE = 300 * 1024


class Image(Base):
    """One file that is served under its own hash; written by this site alone, never as it was uploaded."""

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
        CheckConstraint(f"length(bytes) <= {LARGEST_IMAGE}", name="largest"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True, comment="of the bytes, in hexadecimal")
    type: Mapped[str] = mapped_column(comment="like image/webp")
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column("bytes")
    created_at: Mapped[datetime]


class Picture(Base):
    """A picture of an org in all its sizes; an org has one logo."""

    __tablename__ = "pictures"
    __table_args__ = (
        one_of("kind", PictureKind),
        Index("ix_pictures_org_id", "org_id"),
        Index(
            "uq_pictures_logo",
            "org_id",
            unique=True,
            sqlite_where=text("kind = 'logo'"),
            postgresql_where=text("kind = 'logo'"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"))
    kind: Mapped[str]
    sizes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, comment="use, sha256, type, width and height of each")
    created_at: Mapped[datetime]


class News(Base):
    """What an org tells on its page: what happened, or how it ended."""

    __tablename__ = "news"
    __table_args__ = (
        one_of("kind", NewsKind),
        Index("ix_news_page_id_published_at", "page_id", "published_at"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(default=NewsKind.UPDATE, server_default=NewsKind.UPDATE)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="", server_default="", comment="Markdown")
    published_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Comment(Base):
    """Whether the public comment of an accepted signature may be read; its text stands in the action's metadata."""

    __tablename__ = "comments"
    __table_args__ = (
        one_of("state", CommentState),
        Index("ix_comments_page_id_state", "page_id", "state", "action_id"),
    )

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default=CommentState.WAITING, server_default=CommentState.WAITING)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Elsewhere(Base):
    """People who signed the same on paper or on another site: shown apart, never counted."""

    __tablename__ = "collected_elsewhere"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index("ix_collected_elsewhere_campaign_id", "campaign_id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    label: Mapped[str]
    number: Mapped[int]
    day: Mapped[date]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
