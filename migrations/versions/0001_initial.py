"""initial

The whole schema of the first version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "orgs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="immutable; in URLs and in every sealed copy"),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("is_home", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("high_security", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("legal_name", sa.String(), server_default="", nullable=False),
        sa.Column("legal_contact", sa.String(), server_default="", nullable=False),
        sa.Column("privacy_url", sa.String(), server_default="", nullable=False),
        sa.Column(
            "retention", sa.String(), server_default="", nullable=False, comment="one sentence: how long data is kept"
        ),
        sa.Column("reply_to", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orgs")),
        sa.UniqueConstraint("name", name=op.f("uq_orgs_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("orgs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_orgs_one_home",
            ["is_home"],
            unique=True,
            sqlite_where=sa.text("is_home"),
            postgresql_where=sa.text("is_home"),
        )

    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False, comment="argon2id, libsodium's text form"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_audit_entries_org_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_audit_entries_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_org_id_at", ["org_id", "at"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="immutable; in every sealed copy"),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False, comment="the lead"),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("force_delivery", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("confirm_days", sa.Integer(), server_default="14", nullable=False),
        sa.Column("supporter_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "forgotten_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="its key was destroyed, its fingerprints nulled",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'live', 'closed')", name=op.f("ck_campaigns_status")),
        sa.CheckConstraint("confirm_days BETWEEN 7 AND 30", name=op.f("ck_campaigns_confirm_days")),
        sa.CheckConstraint("supporter_count >= 0", name=op.f("ck_campaigns_supporter_count")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_campaigns_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('owner')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_memberships_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "org_id", name=op.f("pk_memberships")),
    )
    op.create_table(
        "public_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), server_default="recipient", nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False, comment="X25519, 32 bytes"),
        sa.Column("sign_public", sa.LargeBinary(), nullable=True, comment="Ed25519; of the Home row: the identity"),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=True, comment="of a sender, signed by the Home identity"),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('home', 'sender', 'recipient', 'browser')", name=op.f("ck_public_keys_kind")),
        sa.CheckConstraint("role IN ('recipient', 'recovery')", name=op.f("ck_public_keys_role")),
        sa.CheckConstraint("status IN ('pending', 'active', 'retired', 'revoked')", name=op.f("ck_public_keys_status")),
        sa.CheckConstraint(
            "certificate IS NULL OR length(certificate) = 203", name=op.f("ck_public_keys_certificate_length")
        ),
        sa.CheckConstraint("length(public) = 32", name=op.f("ck_public_keys_public_length")),
        sa.CheckConstraint(
            "sign_public IS NULL OR length(sign_public) = 32", name=op.f("ck_public_keys_sign_public_length")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_public_keys_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_keys")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("public_keys", schema=None) as batch_op:
        batch_op.create_index("ix_public_keys_public", ["public"], unique=False)
        batch_op.create_index(
            "uq_public_keys_one_active",
            ["org_id", "role"],
            unique=True,
            sqlite_where=sa.text("kind = 'recipient' AND status = 'active'"),
            postgresql_where=sa.text("kind = 'recipient' AND status = 'active'"),
        )

    op.create_table(
        "release_counters",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("last_seq", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_release_counters_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("org_id", "role", name=op.f("pk_release_counters")),
    )
    op.create_table(
        "action_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False, comment="immutable; in URLs and in every sealed copy"),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False, comment="the collector"),
        sa.Column("locale", sa.String(), server_default="en", nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("demand", sa.String(), nullable=False, comment="one or two sentences: what is asked, of whom"),
        sa.Column("body", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("delivery", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("double_opt_in", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("required", sa.JSON(), nullable=False),
        sa.Column("comment", sa.String(), server_default="sealed", nullable=False),
        sa.Column("consent_style", sa.String(), server_default="box", nullable=False),
        sa.Column("default_country", sa.String(), server_default="", nullable=False),
        sa.Column("next_step_label", sa.String(), server_default="", nullable=False),
        sa.Column("next_step_url", sa.String(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("comment IN ('off', 'sealed', 'public')", name=op.f("ck_action_pages_comment")),
        sa.CheckConstraint("consent_style IN ('box', 'choice')", name=op.f("ck_action_pages_consent_style")),
        sa.CheckConstraint("status IN ('draft', 'live', 'closed')", name=op.f("ck_action_pages_status")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_action_pages_campaign_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_action_pages_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_pages")),
        sa.UniqueConstraint("name", name=op.f("uq_action_pages_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("action_pages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_pages_campaign_id"), ["campaign_id"], unique=False)

    op.create_table(
        "supporters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "fingerprint",
            sa.LargeBinary(),
            nullable=True,
            comment="K(dedupe, campaign key, address); NULL once forgotten",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "fingerprint IS NULL OR length(fingerprint) = 32", name=op.f("ck_supporters_fingerprint_length")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_supporters_campaign_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supporters")),
        sa.UniqueConstraint("campaign_id", "fingerprint", name=op.f("uq_supporters_campaign_id_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "ref",
            sa.LargeBinary(),
            nullable=False,
            comment="16 random bytes, made before sealing; in every copy's _meta",
        ),
        sa.Column("action_page_id", sa.Integer(), nullable=False),
        sa.Column("action_type", sa.String(), server_default="register", nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("testing", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("repeat", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("released", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column(
            "counted",
            sa.Boolean(),
            server_default=sa.text("(false)"),
            nullable=False,
            comment="in the campaign's counter",
        ),
        sa.Column("email_status", sa.String(), server_default="none", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supporter_id", sa.Integer(), nullable=True),
        sa.Column(
            "confirm_id", sa.LargeBinary(), nullable=True, comment="K(link-id, T): finds the action, opens nothing"
        ),
        sa.Column("withdraw_id", sa.LargeBinary(), nullable=True, comment="K(withdraw-id, W)"),
        sa.Column("consent", sa.String(), nullable=False, comment="hash of the wording that was shown"),
        sa.Column("area", sa.String(), server_default="", nullable=False),
        sa.Column("utm_source", sa.String(), server_default="", nullable=False),
        sa.Column("utm_medium", sa.String(), server_default="", nullable=False),
        sa.Column("utm_campaign", sa.String(), server_default="", nullable=False),
        sa.Column("utm_content", sa.String(), server_default="", nullable=False),
        sa.Column("custom_fields", sa.String(), server_default="{}", nullable=False, comment="compact JSON of strings"),
        sa.CheckConstraint("(status = 'pending') = (accepted_at IS NULL)", name=op.f("ck_actions_accepted_at")),
        sa.CheckConstraint(
            "email_status IN ('none', 'double_opt_in', 'bounce', 'unsub')", name=op.f("ck_actions_email_status")
        ),
        sa.CheckConstraint("status IN ('pending', 'accepted', 'withdrawn')", name=op.f("ck_actions_status")),
        sa.CheckConstraint("length(ref) = 16", name=op.f("ck_actions_ref_length")),
        sa.ForeignKeyConstraint(
            ["action_page_id"], ["action_pages.id"], name=op.f("fk_actions_action_page_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["supporter_id"], ["supporters.id"], name=op.f("fk_actions_supporter_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_actions_supporter_id",
            ["supporter_id"],
            unique=False,
            sqlite_where=sa.text("supporter_id IS NOT NULL"),
            postgresql_where=sa.text("supporter_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_actions_to_release",
            ["id"],
            unique=False,
            sqlite_where=sa.text("status <> 'pending' AND NOT released"),
            postgresql_where=sa.text("status <> 'pending' AND NOT released"),
        )
        batch_op.create_index(
            "uq_actions_confirm_id",
            ["confirm_id"],
            unique=True,
            sqlite_where=sa.text("confirm_id IS NOT NULL"),
            postgresql_where=sa.text("confirm_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_actions_withdraw_id",
            ["withdraw_id"],
            unique=True,
            sqlite_where=sa.text("withdraw_id IS NOT NULL"),
            postgresql_where=sa.text("withdraw_id IS NOT NULL"),
        )

    op.create_table(
        "consent_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_page_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False, comment="SHA-256 of the body, base64url"),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("parts", sa.String(), nullable=False, comment="the same as JSON, for the form"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_page_id"], ["action_pages.id"], name=op.f("fk_consent_texts_action_page_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_consent_texts_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_texts")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("consent_texts", schema=None) as batch_op:
        batch_op.create_index("ix_consent_texts_hash", ["hash"], unique=False)
        batch_op.create_index(
            "uq_consent_texts_current",
            ["action_page_id"],
            unique=True,
            sqlite_where=sa.text("valid_until IS NULL"),
            postgresql_where=sa.text("valid_until IS NULL"),
        )

    op.create_table(
        "day_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_page_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "event IN ('confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced')",
            name=op.f("ck_day_counts_event"),
        ),
        sa.ForeignKeyConstraint(
            ["action_page_id"], ["action_pages.id"], name=op.f("fk_day_counts_action_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_counts")),
        sa.UniqueConstraint("action_page_id", "day", "event", name=op.f("uq_day_counts_action_page_id_day_event")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), server_default="recipient", nullable=False),
        sa.Column("contact_ref", sa.LargeBinary(), nullable=False, comment="16 random bytes, per action and org"),
        sa.Column("payload", sa.LargeBinary(), nullable=True, comment="crypto_box without the nonce"),
        sa.Column("crypto_nonce", sa.LargeBinary(), nullable=True),
        sa.Column("public_key_id", sa.Integer(), nullable=True),
        sa.Column("sign_key_id", sa.Integer(), nullable=True),
        sa.Column("sealed_by", sa.String(), server_default="server", nullable=False),
        sa.Column("opt_in", sa.Boolean(), nullable=True, comment="communication consent; NULL: not asked"),
        sa.Column("deliver", sa.Boolean(), nullable=False, comment="delivery of the petition"),
        sa.Column("scopes", sa.String(), server_default="email", nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True, comment="place in its org's export; set at release"),
        sa.Column("erased", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint("role IN ('recipient', 'recovery')", name=op.f("ck_contacts_role")),
        sa.CheckConstraint("sealed_by IN ('server', 'browser')", name=op.f("ck_contacts_sealed_by")),
        sa.CheckConstraint(
            "(NOT erased AND payload IS NOT NULL AND length(payload) >= 1040 AND crypto_nonce IS NOT NULL AND length(crypto_nonce) = 24 AND public_key_id IS NOT NULL AND sign_key_id IS NOT NULL) OR (erased AND payload IS NULL AND crypto_nonce IS NULL AND public_key_id IS NULL AND sign_key_id IS NULL AND seq IS NOT NULL)",
            name=op.f("ck_contacts_sealed_or_erased"),
        ),
        sa.CheckConstraint("length(contact_ref) = 16", name=op.f("ck_contacts_contact_ref_length")),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name=op.f("fk_contacts_action_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_contacts_org_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["public_key_id"], ["public_keys.id"], name=op.f("fk_contacts_public_key_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["sign_key_id"], ["public_keys.id"], name=op.f("fk_contacts_sign_key_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("action_id", "org_id", "role", name=op.f("uq_contacts_action_id_org_id_role")),
        sa.UniqueConstraint("sign_key_id", "crypto_nonce", name=op.f("uq_contacts_sign_key_id_crypto_nonce")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(
            "uq_contacts_released",
            ["org_id", "role", "seq"],
            unique=True,
            sqlite_where=sa.text("seq IS NOT NULL"),
            postgresql_where=sa.text("seq IS NOT NULL"),
        )

    op.create_table(
        "transients",
        sa.Column("action_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wait_key", sa.String(), nullable=True, comment="name of the keyring file that opens wait_seal"),
        sa.Column("wait_seal", sa.LargeBinary(), nullable=True),
        sa.Column("link_seal", sa.LargeBinary(), nullable=True, comment="opened by the mailed link only"),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True, comment="age of what is readable"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "deliveries",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="attempts that may have reached DATA",
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'waiting' OR wait_seal IS NULL", name=op.f("ck_transients_waiting_is_closed")),
        sa.CheckConstraint(
            "state IN ('to_send', 'sending', 'waiting', 'to_accept', 'thanks_to_send', 'thanks_sending')",
            name=op.f("ck_transients_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('to_send', 'sending', 'waiting') OR link_seal IS NOT NULL",
            name=op.f("ck_transients_link_seal"),
        ),
        sa.CheckConstraint("(wait_key IS NULL) = (wait_seal IS NULL)", name=op.f("ck_transients_wait_seal_has_key")),
        sa.ForeignKeyConstraint(
            ["action_id"], ["actions.id"], name=op.f("fk_transients_action_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_transients")),
        postgresql_with={"fillfactor": 70},
    )
    with op.batch_alter_table("transients", schema=None) as batch_op:
        batch_op.create_index("ix_transients_due", ["state", "next_try"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("transients", schema=None) as batch_op:
        batch_op.drop_index("ix_transients_due")

    op.drop_table("transients")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contacts_released", sqlite_where=sa.text("seq IS NOT NULL"), postgresql_where=sa.text("seq IS NOT NULL")
        )

    op.drop_table("contacts")
    op.drop_table("day_counts")
    with op.batch_alter_table("consent_texts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_consent_texts_current",
            sqlite_where=sa.text("valid_until IS NULL"),
            postgresql_where=sa.text("valid_until IS NULL"),
        )
        batch_op.drop_index("ix_consent_texts_hash")

    op.drop_table("consent_texts")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_actions_withdraw_id",
            sqlite_where=sa.text("withdraw_id IS NOT NULL"),
            postgresql_where=sa.text("withdraw_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_actions_confirm_id",
            sqlite_where=sa.text("confirm_id IS NOT NULL"),
            postgresql_where=sa.text("confirm_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_actions_to_release",
            sqlite_where=sa.text("status <> 'pending' AND NOT released"),
            postgresql_where=sa.text("status <> 'pending' AND NOT released"),
        )
        batch_op.drop_index(
            "ix_actions_supporter_id",
            sqlite_where=sa.text("supporter_id IS NOT NULL"),
            postgresql_where=sa.text("supporter_id IS NOT NULL"),
        )

    op.drop_table("actions")
    op.drop_table("supporters")
    with op.batch_alter_table("action_pages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_pages_campaign_id"))

    op.drop_table("action_pages")
    op.drop_table("release_counters")
    with op.batch_alter_table("public_keys", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_public_keys_one_active",
            sqlite_where=sa.text("kind = 'recipient' AND status = 'active'"),
            postgresql_where=sa.text("kind = 'recipient' AND status = 'active'"),
        )
        batch_op.drop_index("ix_public_keys_public")

    op.drop_table("public_keys")
    op.drop_table("memberships")
    op.drop_table("campaigns")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_org_id_at")

    op.drop_table("audit_entries")
    op.drop_table("users")
    with op.batch_alter_table("orgs", schema=None) as batch_op:
        batch_op.drop_index("uq_orgs_one_home", sqlite_where=sa.text("is_home"), postgresql_where=sa.text("is_home"))

    op.drop_table("orgs")
    op.drop_table("heartbeats")
