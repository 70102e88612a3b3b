"""org keys

Endorsed keys, the key log, proofs of possession, changes that need two people, and mails to staff.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COLUMNS = {
    "log_index": (sa.Integer(), "its activation's place in the key log"),
    "rotation": (sa.String(), "TIME.SIGNATURE by the key before; NULL where none signed"),
    "proven_at": (_MOMENT, "its holder answered a challenge"),
    "activated_at": (_MOMENT, None),
    "expires_at": (_MOMENT, None),
    "ended_at": (_MOMENT, "retired, revoked, or its expiry was written down"),
    "drilled_at": (_MOMENT, "last time its holder showed that the file opens"),
}
_EVER_ACTIVE = sa.text("kind = 'recipient' AND status <> 'pending'")


def upgrade() -> None:
    _widen_public_keys()
    _make_key_log()
    _make_key_challenges()
    _make_key_changes()
    _make_outbox()


def _widen_public_keys() -> None:
    # Column by column, also on SQLite: making the table anew would copy it and lose its checks.
    kind = "BLOB" if op.get_context().dialect.name == "sqlite" else "BYTEA"
    op.execute(
        f"ALTER TABLE public_keys ADD COLUMN endorsement {kind} "
        "CONSTRAINT ck_public_keys_endorsement_length CHECK (endorsement IS NULL OR length(endorsement) = 64)"
    )
    if kind == "BYTEA":
        op.execute(
            "COMMENT ON COLUMN public_keys.endorsement IS 'Sign(org-key, …) of the Home identity; needed to seal'"
        )
    for name, (column, comment) in _COLUMNS.items():
        op.add_column("public_keys", sa.Column(name, column, nullable=True, comment=comment))
    op.execute("UPDATE public_keys SET activated_at = created_at WHERE kind = 'recipient' AND status <> 'pending'")
    op.create_index(
        "uq_public_keys_ever_active",
        "public_keys",
        ["public"],
        unique=True,
        sqlite_where=_EVER_ACTIVE,
        postgresql_where=_EVER_ACTIVE,
    )


def _make_key_log() -> None:
    op.create_table(
        "key_log",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="0, 1, 2, … without gaps"),
        sa.Column("entry", sa.String(), nullable=False, comment="compact JSON"),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="D(32, keylog, hash before ‖ entry)"),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="Sign(keylog-entry, be64 position ‖ hash) of the Home identity"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_key_log_hash_length")),
        sa.CheckConstraint("length(signature) = 64", name=op.f("ck_key_log_signature_length")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_key_log_position")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_key_log")),
    )


def _make_key_challenges() -> None:
    op.create_table(
        "key_challenges",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("session", sa.String(), nullable=False, comment="mark of the sign-in; the answer must come from the same"),
        sa.Column("expected", sa.LargeBinary(), nullable=False, comment="D(32, pop-expected, answer)"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(expected) = 32", name=op.f("ck_key_challenges_expected_length")),
        sa.CheckConstraint("length(id) = 16", name=op.f("ck_key_challenges_id_length")),
        sa.ForeignKeyConstraint(
            ["key_id"], ["public_keys.id"], name=op.f("fk_key_challenges_key_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_key_challenges_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_challenges")),
    )
    op.create_index("ix_key_challenges_expires_at", "key_challenges", ["expires_at"], unique=False)


def _make_key_changes() -> None:
    op.create_table(
        "key_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=True, comment="the new key"),
        sa.Column("status", sa.String(), server_default="open", nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('recipient', 'recovery')", name=op.f("ck_key_changes_role")),
        sa.CheckConstraint("status IN ('open', 'done', 'cancelled')", name=op.f("ck_key_changes_status")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_key_changes_approved_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["key_id"], ["public_keys.id"], name=op.f("fk_key_changes_key_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"], name=op.f("fk_key_changes_opened_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_key_changes_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_changes")),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_key_changes_one_open",
        "key_changes",
        ["org_id", "role"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False, comment="what it is about"),
        sa.Column("user_id", sa.Integer(), nullable=False, comment="whom it goes to"),
        sa.Column("once", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), server_default="{}", nullable=False, comment="JSON of texts for the template"),
        sa.Column("state", sa.String(), server_default="to_send", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('to_send', 'sending', 'sent')", name=op.f("ck_outbox_state")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_outbox_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_outbox_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("once", name=op.f("uq_outbox_once")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_try"], unique=False)


def downgrade() -> None:
    for table in ("outbox", "key_changes", "key_challenges", "key_log"):
        op.drop_table(table)
    op.drop_index("uq_public_keys_ever_active", table_name="public_keys")
    for name in (*_COLUMNS, "endorsement"):
        op.execute(f"ALTER TABLE public_keys DROP COLUMN {name}")
