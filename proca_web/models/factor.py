"""The second step of signing in: what it is checked with. Secrets are sealed, codes hashed; a passkey has none here."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import NEVER_REUSED, Base


class TotpFactor(Base):
    """An app that shows codes (RFC 6238); its first code was right, or it would not stand here."""

    __tablename__ = "totp_factors"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    seal: Mapped[bytes] = mapped_column(comment="secretbox under K(factor, PROCA_SECRET_KEY, user id)")
    last_step: Mapped[int] = mapped_column(default=0, server_default="0", comment="a code works once")
    created_at: Mapped[datetime]


class RecoveryCode(Base):
    """One of ten codes for the day the phone is lost; gone when used."""

    __tablename__ = "recovery_codes"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str] = mapped_column(comment="argon2id, libsodium's text form")


class Passkey(Base):
    """A key that a device keeps (WebAuthn); its public half."""

    __tablename__ = "passkeys"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0, server_default="0")
    name: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FactorReset(Base):
    """Somebody lost their second step, and somebody else asked for it to be taken off: after a day, told to all."""

    __tablename__ = "factor_resets"
    __table_args__ = (
        Index(
            "uq_factor_resets_open",
            "user_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id", ondelete="CASCADE"), comment="in whose name")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(comment="done or cancelled")
    done: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
