"""The life of orgs' keys: the public log of it, challenges that wait for an answer, changes that wait for a second yes.

Nothing here opens anything: a challenge is stored as a hash of its answer.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import NEVER_REUSED, Base, one_of


class KeyLogEntry(Base):
    """One entry of the key log, as the exact text that is published and hashed; never changed, never removed."""

    __tablename__ = "key_log"
    __table_args__ = (
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("length(hash) = 32", name="hash_length"),
        CheckConstraint("length(signature) = 64", name="signature_length"),
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="0, 1, 2, … without gaps")
    entry: Mapped[str] = mapped_column(comment="compact JSON")
    hash: Mapped[bytes] = mapped_column(comment="D(32, keylog, hash before ‖ entry)")
    signature: Mapped[bytes] = mapped_column(comment="Sign(keylog-entry, be64 position ‖ hash) of the Home identity")
    at: Mapped[datetime]


class KeyChallenge(Base):
    """A question to the holder of a key; bound to who asked for it, in which session."""

    __tablename__ = "key_challenges"
    __table_args__ = (
        CheckConstraint("length(id) = 16", name="id_length"),
        CheckConstraint("length(expected) = 32", name="expected_length"),
        Index("ix_key_challenges_expires_at", "expires_at"),
    )

    id: Mapped[bytes] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("public_keys.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session: Mapped[str] = mapped_column(comment="mark of the sign-in; the answer must come from the same")
    expected: Mapped[bytes] = mapped_column(comment="D(32, pop-expected, answer)")
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    used_at: Mapped[datetime | None]


class KeyChange(Base):
    """A new key without the signature of the one before: it needs a second person and 72 hours (protocol 5)."""

    __tablename__ = "key_changes"
    __table_args__ = (
        one_of("role", "recipient", "recovery"),
        one_of("status", "open", "done", "cancelled"),
        Index(
            "uq_key_changes_one_open",
            "org_id",
            "role",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"))
    role: Mapped[str]
    key_id: Mapped[int | None] = mapped_column(ForeignKey("public_keys.id", ondelete="SET NULL"), comment="the new key")
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
