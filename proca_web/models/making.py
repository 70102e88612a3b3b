"""What is written while a campaign is made: unsaved forms, words of mails, what a launch waits for, partners."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.campaign_words import LaunchTick, PageMail, PartnerState
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.campaign import Campaign
from proca_web.models.org import Org


class FormDraft(Base):
    """A form of the console as somebody typed it so far; the page it is about, if there is one already."""

    __tablename__ = "form_drafts"
    __table_args__ = (UniqueConstraint("page_id", "user_id"), Index("ix_form_drafts_org_id", "org_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, comment="as typed, valid or not")
    edits: Mapped[int] = mapped_column(default=0, server_default="0", comment="of the page when it was begun")
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]


class MailText(Base):
    """A page's own words for a mail to supporters; without a row the mail has the house's words."""

    __tablename__ = "mail_texts"
    __table_args__ = (one_of("kind", PageMail), UniqueConstraint("page_id", "kind"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    preheader: Mapped[str] = mapped_column(default="", server_default="", comment="the first words in the inbox")
    body: Mapped[str] = mapped_column(comment="with variables in braces")
    edits: Mapped[int] = mapped_column(default=0, server_default="0")
    edited_at: Mapped[datetime]
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class Tick(Base):
    """Something a launch asks for and somebody did; `mark` names what it was about, so that a change unticks it."""

    __tablename__ = "launch_ticks"
    __table_args__ = (one_of("what", LaunchTick), UniqueConstraint("page_id", "what", "org_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    what: Mapped[str]
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), comment="whose tick it is")
    mark: Mapped[str] = mapped_column(default="", server_default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    at: Mapped[datetime]


class OpeningCode(Base):
    """The code that stands as last name in a test signature's copies: who can type it has opened one."""

    __tablename__ = "opening_codes"
    __table_args__ = (
        CheckConstraint("length(hash) = 32", name="hash_length"),
        Index("ix_opening_codes_page_id", "page_id"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="CASCADE"))
    hash: Mapped[bytes] = mapped_column(comment="K(opening-code, PROCA_SECRET_KEY, code)")
    created_at: Mapped[datetime]


class Partner(Base):
    """An org in a campaign that another one leads, from the invitation on; `email` where it was mailed."""

    __tablename__ = "partners"
    __table_args__ = (
        one_of("state", PartnerState),
        CheckConstraint("org_id IS NOT NULL OR email <> ''", name="is_somebody"),
        CheckConstraint("state <> 'joined' OR org_id IS NOT NULL", name="joined"),
        Index("ix_partners_campaign_id", "campaign_id"),
        Index(
            "uq_partners_takes_part",
            "campaign_id",
            "org_id",
            unique=True,
            sqlite_where=text("state IN ('invited', 'joined')"),
            postgresql_where=text("state IN ('invited', 'joined')"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    org_id: Mapped[int | None] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(default="", server_default="", comment="of an org that is not here yet")
    email: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default=PartnerState.INVITED, server_default=PartnerState.INVITED)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    decided_at: Mapped[datetime | None] = mapped_column(comment="joined, declined or withdrawn")
    ended_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()
    org: Mapped[Org | None] = relationship()
