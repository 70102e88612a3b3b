"""Staff, their places in orgs, and the record of what they did there."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.staff_words import StaffRole
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.org import Org


class User(Base):
    """A member of staff of one or more orgs."""

    __tablename__ = "users"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="", server_default="")
    locale: Mapped[str] = mapped_column(default="", server_default="", comment="of the console; empty: the browser's")
    password_hash: Mapped[str] = mapped_column(comment="argon2id, libsodium's text form")
    locked_at: Mapped[datetime | None] = mapped_column(comment="an operator took the account out of use")
    created_at: Mapped[datetime]

    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", cascade="all, delete-orphan")


class Membership(Base):
    """A user's place in an org, and what they may do there."""

    __tablename__ = "memberships"
    __table_args__ = (one_of("role", StaffRole),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="memberships")
    org: Mapped[Org] = relationship()


class AuditEntry(Base):
    """Who did what in an org's console, one chain an org; no personal data of supporters."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("org_id", "number"),
        Index("ix_audit_entries_org_id_at", "org_id", "at"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("length(hash) = 32", name="hash_length"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"))
    number: Mapped[int] = mapped_column(comment="from 1, without a gap")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(comment="the address of that day; empty: nobody in person")
    at: Mapped[datetime]
    event: Mapped[str]
    detail: Mapped[str] = mapped_column(default="{}", server_default="{}")
    hash: Mapped[bytes] = mapped_column(comment="D(32, audit, hash before, this entry)")


class AuditHead(Base):
    """How far each org's record had come when the key log took all of them in (its entry of that position)."""

    __tablename__ = "audit_heads"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), primary_key=True)
    number: Mapped[int]
