"""Campaigns, their action pages, the wordings those showed, and how often what happened."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.campaign_words import Dimension, Span
from proca_web.domain.words import CommentPolicy, ConsentStyle, DayEvent, Publication
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.org import Org


def _as_named(context: Any) -> str:
    name: str = context.get_current_parameters()["name"]
    return name


class Campaign(Base):
    """What several pages collect for; led by one org. Its counter is moved by the worker only."""

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("status", Publication),
        CheckConstraint("confirm_days BETWEEN 7 AND 30", name="confirm_days"),
        CheckConstraint("goal >= 0", name="goal"),
        CheckConstraint("closes_at IS NULL OR opens_at IS NULL OR closes_at > opens_at", name="closes_at"),
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
    partner_delivery: Mapped[bool] = mapped_column(
        default=True, server_default=text("true"), comment="what `delivery` of a partner's new page is"
    )
    asked_terms: Mapped[str] = mapped_column(
        default="", server_default="", comment="who shall get a copy once every partner has said yes; empty: as it is"
    )
    goal: Mapped[int] = mapped_column(default=0, server_default="0", comment="0: it moves on as people sign")
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
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
    edits: Mapped[int] = mapped_column(default=0, server_default="0")
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
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
    name: Mapped[str] = mapped_column(unique=True, comment="immutable; in every sealed copy")
    slug: Mapped[str] = mapped_column(default=_as_named, unique=True, comment="in addresses; begins as the name")
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"), index=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), comment="the collector")
    locale: Mapped[str] = mapped_column(default="en", server_default="en")
    title: Mapped[str]
    addressee: Mapped[str] = mapped_column(default="", server_default="", comment="a person or a body")
    demand: Mapped[str] = mapped_column(comment="one or two sentences: what is asked, of whom")
    body: Mapped[str] = mapped_column(default="", server_default="", comment="Markdown")
    closed_text: Mapped[str] = mapped_column(default="", server_default="", comment="what people read once it is over")
    thanks_text: Mapped[str] = mapped_column(default="", server_default="")
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, server_default="[]", comment="a number or a day each, and what happens then"
    )
    share_texts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}", comment="by channel")
    questions: Mapped[dict[str, str]] = mapped_column(
        JSON, default=dict, server_default="{}", comment="own words of the consent questions, by field"
    )
    hero_id: Mapped[int | None] = mapped_column(ForeignKey("pictures.id", ondelete="SET NULL"))
    hero_alt: Mapped[str] = mapped_column(
        default="", server_default="", comment="the picture in words, of this language"
    )
    mail_name: Mapped[str] = mapped_column(default="", server_default="", comment="in front of From; empty: the org's")
    mail_reply_to: Mapped[str] = mapped_column(default="", server_default="", comment="empty: the org's")
    position: Mapped[int] = mapped_column(default=0, server_default="0", comment="among the campaign's pages")
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
    edits: Mapped[int] = mapped_column(default=0, server_default="0")
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]

    campaign: Mapped[Campaign] = relationship(back_populates="pages")
    org: Mapped[Org] = relationship()
    receivers: Mapped[list["PageReceiver"]] = relationship(
        order_by="PageReceiver.position", cascade="all, delete-orphan", passive_deletes=True
    )


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


class Count(Base):
    """How often something happened on a page in an hour, or on a day (UTC): the only trace of what was purged."""

    __tablename__ = "counts"
    __table_args__ = (
        UniqueConstraint("action_page_id", "dimension", "event", "hour", "span", "value"),
        one_of("span", Span),
        one_of("event", DayEvent),
        one_of("dimension", Dimension),
        Index("ix_counts_hour", "hour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    hour: Mapped[datetime] = mapped_column(comment="its beginning; of a day, midnight")
    span: Mapped[str]
    event: Mapped[str]
    dimension: Mapped[str] = mapped_column(default=Dimension.ALL, server_default=Dimension.ALL)
    value: Mapped[str] = mapped_column(default="", server_default="")
    number: Mapped[int] = mapped_column(default=0, server_default="0")


class PageSlug(Base):
    """An address that a page had before; it leads to the new one."""

    __tablename__ = "page_slugs"

    slug: Mapped[str] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class PageReceiver(Base):
    """A further org of a page: it gets a copy of who ticks it, and of nobody else."""

    __tablename__ = "page_receivers"
    __table_args__ = (UniqueConstraint("page_id", "position"), CheckConstraint("position IN (1, 2)", name="position"))

    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), primary_key=True)
    position: Mapped[int]

    org: Mapped[Org] = relationship()
