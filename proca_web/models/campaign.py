"""Campaigns, their action pages, the wordings those showed, and counts a day."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.words import CommentPolicy, ConsentStyle, DayEvent, Publication
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.org import Org


class Campaign(Base):
    """What several pages collect for; led by one org. Its counter is moved by the worker only."""

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("status", Publication),
        CheckConstraint("confirm_days BETWEEN 7 AND 30", name="confirm_days"),
        CheckConstraint("supporter_count >= 0", name="supporter_count"),
        CheckConstraint("unconfirmed_count >= 0", name="unconfirmed_count"),
        CheckConstraint("key_check IS NULL OR length(key_check) = 8", name="key_check_length"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True, comment="immutable; in every sealed copy")
    title: Mapped[str]
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), comment="the lead")
    status: Mapped[str] = mapped_column(default=Publication.DRAFT, server_default=Publication.DRAFT)
    force_delivery: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    confirm_days: Mapped[int] = mapped_column(default=14, server_default="14")
    reminder: Mapped[bool] = mapped_column(
        default=False, server_default=text("false"), comment="one more mail a day after the first"
    )
    supporter_count: Mapped[int] = mapped_column(default=0, server_default="0")
    unconfirmed_count: Mapped[int] = mapped_column(
        default=0, server_default="0", comment="how many of those signed without a confirmation by mail"
    )
    counted_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None] = mapped_column(comment="its key was destroyed, its fingerprints nulled")
    key_check: Mapped[bytes | None] = mapped_column(comment="D(8, campaign-key, key): which file is its key")
    rekeyed_at: Mapped[datetime | None] = mapped_column(comment="its key was lost: who signed before counts again")
    created_at: Mapped[datetime]

    lead: Mapped[Org] = relationship()
    pages: Mapped[list["ActionPage"]] = relationship(back_populates="campaign")


class ActionPage(Base):
    """A page people sign on; owned by the org that collects."""

    __tablename__ = "action_pages"
    __table_args__ = (
        one_of("status", Publication),
        one_of("comment", CommentPolicy),
        one_of("consent_style", ConsentStyle),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True, comment="immutable; in URLs and in every sealed copy")
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"), index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), comment="the collector")
    locale: Mapped[str] = mapped_column(default="en", server_default="en")
    title: Mapped[str]
    demand: Mapped[str] = mapped_column(comment="one or two sentences: what is asked, of whom")
    body: Mapped[str] = mapped_column(default="", server_default="")
    status: Mapped[str] = mapped_column(default=Publication.DRAFT, server_default=Publication.DRAFT)
    delivery: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    double_opt_in: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    fields: Mapped[list[str]] = mapped_column(JSON)
    required: Mapped[list[str]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(default=CommentPolicy.SEALED, server_default=CommentPolicy.SEALED)
    consent_style: Mapped[str] = mapped_column(default=ConsentStyle.BOX, server_default=ConsentStyle.BOX)
    default_country: Mapped[str] = mapped_column(default="", server_default="")
    next_step_label: Mapped[str] = mapped_column(default="", server_default="")
    next_step_url: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]

    campaign: Mapped[Campaign] = relationship(back_populates="pages")
    org: Mapped[Org] = relationship()


class ConsentText(Base):
    """A wording as it was shown, kept for good; the current one of a page has no `valid_until`."""

    __tablename__ = "consent_texts"
    __table_args__ = (
        Index("ix_consent_texts_hash", "hash"),
        Index(
            "uq_consent_texts_current",
            "action_page_id",
            unique=True,
            sqlite_where=text("valid_until IS NULL"),
            postgresql_where=text("valid_until IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="RESTRICT"))
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"))
    locale: Mapped[str]
    hash: Mapped[str] = mapped_column(comment="SHA-256 of the body, base64url")
    body: Mapped[str]
    parts: Mapped[str] = mapped_column(comment="the same as JSON, for the form")
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]


class DayCount(Base):
    """How often something happened on a page on one day (UTC): the only trace of what was purged."""

    __tablename__ = "day_counts"
    __table_args__ = (
        UniqueConstraint("action_page_id", "day", "event"),
        one_of("event", DayEvent),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    day: Mapped[date]
    event: Mapped[str]
    number: Mapped[int] = mapped_column(default=0, server_default="0")
