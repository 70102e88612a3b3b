"""Public halves of keys and the life of orgs' keys: its log, challenges to be answered, changes that need a second yes.

Nothing here opens anything: no column can hold a secret, and a challenge is stored as a hash of its answer.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.words import ChangeStatus, KeyKind, KeyRole, KeyStatus
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.org import Org


class PublicKey(Base):
    """A public key: the Home Org's, one of its senders', or an org's for receiving."""

    __tablename__ = "public_keys"
    __table_args__ = (
        one_of("kind", KeyKind),
        one_of("role", KeyRole),
        one_of("status", KeyStatus),
        CheckConstraint("length(public) = 32", name="public_length"),
        CheckConstraint("sign_public IS NULL OR length(sign_public) = 32", name="sign_public_length"),
        CheckConstraint("certificate IS NULL OR length(certificate) = 203", name="certificate_length"),
        CheckConstraint("endorsement IS NULL OR length(endorsement) = 64", name="endorsement_length"),
        Index(
            "uq_public_keys_one_active",
            "org_id",
            "role",
            unique=True,
            sqlite_where=text("kind = 'recipient' AND status = 'active'"),
            postgresql_where=text("kind = 'recipient' AND status = 'active'"),
        ),
        Index("ix_public_keys_public", "public"),
        Index(
            "ix_public_keys_homes",
            "id",
            sqlite_where=text("kind = 'home'"),
            postgresql_where=text("kind = 'home'"),
        ),
        Index(
            "uq_public_keys_ever_active",
            "public",
            unique=True,
            sqlite_where=text("kind = 'recipient' AND status <> 'pending'"),
            postgresql_where=text("kind = 'recipient' AND status <> 'pending'"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    role: Mapped[str] = mapped_column(default=KeyRole.RECIPIENT, server_default=KeyRole.RECIPIENT)
    status: Mapped[str] = mapped_column(default=KeyStatus.ACTIVE, server_default=KeyStatus.ACTIVE)
    public: Mapped[bytes] = mapped_column(comment="X25519, 32 bytes")
    sign_public: Mapped[bytes | None] = mapped_column(comment="Ed25519; of the Home row: the identity")
    fingerprint: Mapped[str]
    certificate: Mapped[bytes | None] = mapped_column(comment="of a sender, signed by the Home identity")
    not_before: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    created_at: Mapped[datetime]
    endorsement: Mapped[bytes | None] = mapped_column(comment="Sign(org-key, …) of the Home identity; needed to seal")
    log_index: Mapped[int | None] = mapped_column(comment="its activation's place in the key log")
    rotation: Mapped[str | None] = mapped_column(comment="TIME.SIGNATURE by the key before; NULL where none signed")
    proven_at: Mapped[datetime | None] = mapped_column(comment="its holder answered a challenge")
    activated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(comment="retired, revoked, or its expiry was written down")
    drilled_at: Mapped[datetime | None] = mapped_column(comment="last time its holder showed that the file opens")

    org: Mapped[Org] = relationship()


class WorkerKeyRow(Base):
    """The public half of a worker host's hourly key; one whose secret half is gone has no row (protocol 6)."""

    __tablename__ = "worker_keys"
    __table_args__ = (
        CheckConstraint("length(host) = 16", name="host_length"),
        CheckConstraint("length(public) = 32", name="public_length"),
        CheckConstraint("length(certificate) = 64", name="certificate_length"),
        UniqueConstraint("public"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(comment="16 hex characters, drawn once a worker host")
    public: Mapped[bytes] = mapped_column(comment="X25519, 32 bytes; the name of the file with the secret half")
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    certificate: Mapped[bytes] = mapped_column(comment="Sign(worker-key, …) of the Home identity; needed to seal")


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
        one_of("role", KeyRole),
        one_of("status", ChangeStatus),
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
    status: Mapped[str] = mapped_column(default=ChangeStatus.OPEN, server_default=ChangeStatus.OPEN)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
