"""Organisations and the public halves of keys. No column here can hold a secret."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    created_at: Mapped[datetime]

    keys: Mapped[list["PublicKey"]] = relationship(back_populates="org")


class PublicKey(Base):
    """A public key: the Home Org's, one of its senders', or an org's for receiving."""

    __tablename__ = "public_keys"
    __table_args__ = (
        one_of("kind", "home", "sender", "recipient", "browser"),
        one_of("role", "recipient", "recovery"),
        one_of("status", "pending", "active", "retired", "revoked"),
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
    role: Mapped[str] = mapped_column(default="recipient", server_default="recipient")
    status: Mapped[str] = mapped_column(default="active", server_default="active")
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

    org: Mapped[Org] = relationship(back_populates="keys")
