"""What belongs to a person's account: where it is signed in, what was mailed to it, how often it was tried in vain.

No token of a link or a cookie stands here, only what finds it.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.staff_words import LinkKind, StaffRole
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.org import Org
from proca_web.models.user import User


class StaffSession(Base):
    """One browser in which somebody is signed in."""

    __tablename__ = "staff_sessions"
    __table_args__ = (CheckConstraint("length(token_id) = 32", name="token_id_length"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_id: Mapped[bytes] = mapped_column(
        unique=True, comment="D(32, session, token); the token is in the cookie only"
    )
    device: Mapped[str] = mapped_column(comment="in words, like Firefox on Linux")
    network: Mapped[str] = mapped_column(comment="cut to /24 or /48")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    factor_at: Mapped[datetime | None] = mapped_column(comment="when the second step was last taken in it")

    user: Mapped[User] = relationship()


class Device(Base):
    """A browser that somebody has signed in with before: a new one is told to them."""

    __tablename__ = "devices"
    __table_args__ = (CheckConstraint("length(mark) = 32", name="mark_length"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    mark: Mapped[bytes] = mapped_column(primary_key=True, comment="K(device, PROCA_SECRET_KEY, …)")
    seen_at: Mapped[datetime]


class SignInTries(Base):
    """How often in a row an account, known or not, was tried in vain."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (CheckConstraint("length(who) = 32", name="who_length"),)

    who: Mapped[bytes] = mapped_column(primary_key=True, comment="K(sign-in, PROCA_SECRET_KEY, address or network)")
    tries: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(index=True)


class Invitation(Base):
    """Somebody is asked to join an org's staff; bound to the address it was mailed to."""

    __tablename__ = "invitations"
    __table_args__ = (one_of("role", StaffRole), Index("ix_invitations_org_id", "org_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(comment="by the org, or declined by whom it was mailed to")

    org: Mapped[Org] = relationship()
    inviter: Mapped[User | None] = relationship()


class AccountLink(Base):
    """A link that was mailed to the holder of an account: for a new password, or one side of a change of address."""

    __tablename__ = "account_links"
    __table_args__ = (one_of("kind", LinkKind), Index("ix_account_links_user_id", "user_id"), NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    email: Mapped[str] = mapped_column(default="", server_default="", comment="the new address, where it changes")
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    used_at: Mapped[datetime | None]
