"""Sealed copies: one a receiving org. The schema cannot hold an unencrypted contact."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.domain.words import KeyRole, SealedBy
from proca_web.models.base import NEVER_REUSED, Base, one_of

_SEALED = (
    "payload IS NOT NULL AND length(payload) >= 1040 AND crypto_nonce IS NOT NULL AND length(crypto_nonce) = 24 "
    "AND public_key_id IS NOT NULL AND sign_key_id IS NOT NULL"
)
_EMPTY = (
    "payload IS NULL AND crypto_nonce IS NULL AND public_key_id IS NULL AND sign_key_id IS NULL AND seq IS NOT NULL"
)


class Contact(Base):
    """One org's copy of one contact: ciphertext, nonce and key references, and the consents as given at signing.

    A copy that is withdrawn after its release stays as a tombstone: no payload, only the reference the org knows.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        one_of("role", KeyRole),
        one_of("sealed_by", SealedBy),
        CheckConstraint(f"(NOT erased AND {_SEALED}) OR (erased AND {_EMPTY})", name="sealed_or_erased"),
        CheckConstraint("length(contact_ref) = 16", name="contact_ref_length"),
        UniqueConstraint("sign_key_id", "crypto_nonce"),
        UniqueConstraint("action_id", "org_id", "role"),
        Index("ix_contacts_public_key_id", "public_key_id"),
        Index(
            "uq_contacts_released",
            "org_id",
            "role",
            "seq",
            unique=True,
            sqlite_where=text("seq IS NOT NULL"),
            postgresql_where=text("seq IS NOT NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("actions.id", ondelete="CASCADE"))
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"))
    role: Mapped[str] = mapped_column(default=KeyRole.RECIPIENT, server_default=KeyRole.RECIPIENT)
    contact_ref: Mapped[bytes] = mapped_column(comment="16 random bytes, per action and org")
    payload: Mapped[bytes | None] = mapped_column(comment="crypto_box without the nonce")
    crypto_nonce: Mapped[bytes | None]
    public_key_id: Mapped[int | None] = mapped_column(ForeignKey("public_keys.id", ondelete="RESTRICT"))
    sign_key_id: Mapped[int | None] = mapped_column(ForeignKey("public_keys.id", ondelete="RESTRICT"))
    sealed_by: Mapped[str] = mapped_column(default=SealedBy.SERVER, server_default=SealedBy.SERVER)
    opt_in: Mapped[bool | None] = mapped_column(comment="communication consent; NULL: not asked")
    deliver: Mapped[bool] = mapped_column(comment="delivery of the petition")
    scopes: Mapped[str] = mapped_column(default="email", server_default="email")
    given_at: Mapped[datetime]
    seq: Mapped[int | None] = mapped_column(comment="place in its org's export; set at release")
    erased: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class ReleaseCounter(Base):
    """The last `seq` given to an org's copies of one role; moved under the release lock only."""

    __tablename__ = "release_counters"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="RESTRICT"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    last_seq: Mapped[int] = mapped_column(default=0, server_default="0")
