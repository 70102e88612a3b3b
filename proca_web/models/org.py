"""Organisations, and what each says about itself."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import NEVER_REUSED, Base


class Org(Base):
    """An organisation. The Home Org is one of them: it sends all personal data and receives none."""

    __tablename__ = "orgs"
    __table_args__ = (
        Index(
            "uq_orgs_one_home", "is_home", unique=True, sqlite_where=text("is_home"), postgresql_where=text("is_home")
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True, comment="immutable; in URLs and in every sealed copy")
    title: Mapped[str]
    is_home: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    high_security: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    legal_name: Mapped[str] = mapped_column(default="", server_default="")
    legal_contact: Mapped[str] = mapped_column(default="", server_default="")
    privacy_url: Mapped[str] = mapped_column(default="", server_default="")
    retention: Mapped[str] = mapped_column(default="", server_default="", comment="one sentence: how long data is kept")
    reply_to: Mapped[str] = mapped_column(default="", server_default="")
    mail_name: Mapped[str] = mapped_column(default="", server_default="", comment="in front of From; empty: the title")
    mail_from: Mapped[str] = mapped_column(default="", server_default="", comment="empty: the instance's address")
    locked_at: Mapped[datetime | None] = mapped_column(
        comment="an operator took it out of use: nothing is sealed to it"
    )
    created_at: Mapped[datetime]
