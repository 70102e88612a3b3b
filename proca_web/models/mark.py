"""What is remembered of addresses so that nobody is flooded with mails: fingerprints, under a campaign's key only."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import NEVER_REUSED, Base


class MailMark(Base):
    """How many mails signatures asked for to one address on one day: known by its fingerprint alone, kept two days."""

    __tablename__ = "mail_marks"
    __table_args__ = (CheckConstraint("length(mark) = 32", name="mark_length"), Index("ix_mail_marks_day", "day"))

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[bytes] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    mails: Mapped[int] = mapped_column(default=0, server_default="0")


class Block(Base):
    """An address that said "it wasn't me": no more mails of this campaign until its link is told otherwise."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("length(mark) = 32", name="mark_length"),
        Index("ix_blocks_campaign_id_mark", "campaign_id", "mark"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    mark: Mapped[bytes] = mapped_column(comment="the address's fingerprint")
    link_id: Mapped[bytes] = mapped_column(unique=True, comment="K(link-id, T) of the link that was used")
    at: Mapped[datetime]
