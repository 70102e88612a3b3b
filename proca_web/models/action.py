"""Actions (metadata only), the people behind accepted ones (a keyed fingerprint only), and transient clear data."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from proca_web.domain.transient import State
from proca_web.domain.words import ActionStatus, EmailStatus
from proca_web.models.base import NEVER_REUSED, Base, one_of
from proca_web.models.campaign import ActionPage


class Supporter(Base):
    """One person in one campaign, known by a fingerprint under the campaign's key; made at acceptance only."""

    __tablename__ = "supporters"
    __table_args__ = (
        UniqueConstraint("campaign_id", "fingerprint"),
        CheckConstraint("fingerprint IS NULL OR length(fingerprint) = 32", name="fingerprint_length"),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    fingerprint: Mapped[bytes | None] = mapped_column(comment="K(dedupe, campaign key, address); NULL once forgotten")
    created_at: Mapped[datetime]


class Action(Base):
    """What somebody did on a page, as metadata. Never holds personal data."""

    __tablename__ = "actions"
    __table_args__ = (
        one_of("status", ActionStatus),
        one_of("email_status", EmailStatus),
        CheckConstraint("length(ref) = 16", name="ref_length"),
        CheckConstraint("(status = 'pending') = (accepted_at IS NULL)", name="accepted_at"),
        Index("ix_actions_action_page_id_created_at", "action_page_id", "created_at"),
        Index("ix_actions_created_at", "created_at"),
        Index("ix_actions_ref", "ref"),
        Index(
            "ix_actions_counted",
            "action_page_id",
            sqlite_where=text("counted"),
            postgresql_where=text("counted"),
        ),
        Index(
            "ix_actions_to_release",
            "accepted_at",
            "id",
            sqlite_where=text("status <> 'pending' AND NOT released"),
            postgresql_where=text("status <> 'pending' AND NOT released"),
        ),
        Index(
            "ix_actions_supporter_id",
            "supporter_id",
            sqlite_where=text("supporter_id IS NOT NULL"),
            postgresql_where=text("supporter_id IS NOT NULL"),
        ),
        Index(
            "uq_actions_withdraw_id",
            "withdraw_id",
            unique=True,
            sqlite_where=text("withdraw_id IS NOT NULL"),
            postgresql_where=text("withdraw_id IS NOT NULL"),
        ),
        Index(
            "uq_actions_confirm_id",
            "confirm_id",
            unique=True,
            sqlite_where=text("confirm_id IS NOT NULL"),
            postgresql_where=text("confirm_id IS NOT NULL"),
        ),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[bytes] = mapped_column(comment="16 random bytes, made before sealing; in every copy's _meta")
    action_page_id: Mapped[int] = mapped_column(ForeignKey("action_pages.id", ondelete="RESTRICT"))
    action_type: Mapped[str] = mapped_column(default="register", server_default="register")
    status: Mapped[str] = mapped_column(default=ActionStatus.PENDING, server_default=ActionStatus.PENDING)
    testing: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    repeat: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    released: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    counted: Mapped[bool] = mapped_column(
        default=False, server_default=text("false"), comment="in the campaign's counter"
    )
    email_status: Mapped[str] = mapped_column(default=EmailStatus.NONE, server_default=EmailStatus.NONE)
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    supporter_id: Mapped[int | None] = mapped_column(ForeignKey("supporters.id", ondelete="SET NULL"))
    confirm_id: Mapped[bytes | None] = mapped_column(comment="K(link-id, T): finds the action, opens nothing")
    withdraw_id: Mapped[bytes | None] = mapped_column(comment="K(withdraw-id, W)")
    consent: Mapped[str] = mapped_column(comment="hash of the wording that was shown")
    area: Mapped[str] = mapped_column(default="", server_default="")
    utm_source: Mapped[str] = mapped_column(default="", server_default="")
    utm_medium: Mapped[str] = mapped_column(default="", server_default="")
    utm_campaign: Mapped[str] = mapped_column(default="", server_default="")
    utm_content: Mapped[str] = mapped_column(default="", server_default="")
    custom_fields: Mapped[str] = mapped_column(default="{}", server_default="{}", comment="compact JSON of strings")

    page: Mapped[ActionPage] = relationship()


class Transient(Base):
    """The only table that may hold clear data, sealed; also its own outbox row (protocol 6)."""

    __tablename__ = "transients"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(wait_key IS NULL) = (wait_seal IS NULL)", name="wait_seal_has_key"),
        CheckConstraint(
            "state NOT IN ('waiting', 'reminding') OR wait_seal IS NULL OR waiting_since IS NOT NULL",
            name="reminded_since",
        ),
        CheckConstraint(
            "state NOT IN ('to_send', 'sending', 'waiting', 'reminding') OR link_seal IS NOT NULL", name="link_seal"
        ),
        CheckConstraint("mark IS NULL OR length(mark) = 32", name="mark_length"),
        Index("ix_transients_due", "state", "transport", "next_try"),
        Index(
            "ix_transients_waiting",
            "next_try",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_transients_created_at", "created_at"),
        Index(
            "ix_transients_wait_key",
            "wait_key",
            sqlite_where=text("wait_key IS NOT NULL"),
            postgresql_where=text("wait_key IS NOT NULL"),
        ),
        Index(
            "ix_transients_readable",
            "sealed_at",
            sqlite_where=text("wait_seal IS NOT NULL"),
            postgresql_where=text("wait_seal IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    action_id: Mapped[int] = mapped_column(
        ForeignKey("actions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[str]
    transport: Mapped[str] = mapped_column(
        default="", server_default="", comment="the org whose mail server takes it; empty: the instance's"
    )
    wait_key: Mapped[int | None] = mapped_column(comment="the smallest id of a worker key that wait_seal names")
    wait_seal: Mapped[bytes | None]
    link_seal: Mapped[bytes | None] = mapped_column(comment="opened by the mailed link only")
    mark: Mapped[bytes | None] = mapped_column(comment="the address's fingerprint, from the first claim on")
    sealed_at: Mapped[datetime | None] = mapped_column(comment="age of what is readable")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    unsure: Mapped[int] = mapped_column(default=0, server_default="0", comment="mails whose end nobody knows")
    waiting_since: Mapped[datetime | None] = mapped_column(comment="when the mail was taken")
    lease_until: Mapped[datetime | None]
    next_try: Mapped[datetime]
    created_at: Mapped[datetime]
