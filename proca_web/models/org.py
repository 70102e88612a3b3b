"""Organisations, and what each says about itself."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.domain.campaign_words import MailTest
from proca_web.models.base import NEVER_REUSED, Base, one_of


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
    color: Mapped[str] = mapped_column(default="", server_default="", comment="like #1a2b3c; empty: the site's")
    locale: Mapped[str] = mapped_column(default="en", server_default="en", comment="in which new pages start")
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC", comment="of the hours its staff types")
    locked_at: Mapped[datetime | None] = mapped_column(
        comment="an operator took it out of use: nothing is sealed to it"
    )
    created_at: Mapped[datetime]


class OrgTransport(Base):
    """A mail server that an org entered for itself: the one in use, and one that is tried before it may be."""

    __tablename__ = "org_transports"
    __table_args__ = (
        one_of("test", MailTest),
        CheckConstraint("tls IN ('starttls', 'ssl')", name="tls"),
        CheckConstraint("NOT in_use OR test = 'passed'", name="in_use"),
        Index(
            "uq_org_transports_in_use",
            "org_id",
            unique=True,
            sqlite_where=text("in_use"),
            postgresql_where=text("in_use"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), index=True)
    in_use: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    server: Mapped[str]
    port: Mapped[int]
    tls: Mapped[str]
    username: Mapped[str] = mapped_column(default="", server_default="")
    seal: Mapped[bytes | None] = mapped_column(
        comment="its password: secretbox under K(settings, PROCA_SECRET_KEY, '')"
    )
    mail_from: Mapped[str]
    test: Mapped[str] = mapped_column(default=MailTest.WAITING, server_default=MailTest.WAITING)
    test_to: Mapped[str] = mapped_column(comment="the address of whoever tries it")
    answer: Mapped[str] = mapped_column(default="", server_default="", comment="what the server said to the test")
    tested_at: Mapped[datetime | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
