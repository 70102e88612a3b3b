"""campaigns are run in the browser: texts, pictures, partners, launch, news, numbers by the hour

Every page keeps its address: its slug is its name. What was counted by the day stays counted by the day.
"""

from collections import Counter
from datetime import UTC, datetime, time

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NEVER_REUSED = {"sqlite_autoincrement": True}
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_STATES = "'draft', 'live', 'closed'"
_NEW_STATES = "'draft', 'live', 'paused', 'closed'"
_EVENTS = (
    "'confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced', 'lost', 'unsure', 'reopened',"
    " 'junk', 'capped', 'blocked'"
)
_TABLES = (
    "comments",
    "news",
    "opening_codes",
    "launch_ticks",
    "mail_texts",
    "form_drafts",
    "page_slugs",
    "page_receivers",
    "partners",
    "collected_elsewhere",
    "org_transports",
)
_OF_PAGES = (
    "slug",
    "addressee",
    "closed_text",
    "thanks_text",
    "milestones",
    "share_texts",
    "questions",
    "hero_id",
    "hero_alt",
    "mail_name",
    "mail_reply_to",
    "position",
    "edits",
    "edited_at",
    "edited_by",
)
_day_counts = sa.table(
    "day_counts",
    sa.column("action_page_id", _NUMBER),
    sa.column("day", sa.Date()),
    sa.column("event", sa.String()),
    sa.column("number", _NUMBER),
)
_counts = sa.table(
    "counts",
    sa.column("action_page_id", _NUMBER),
    sa.column("hour", _MOMENT),
    *(sa.column(name, sa.String()) for name in ("span", "event", "dimension", "value")),
    sa.column("number", _NUMBER),
)


def upgrade() -> None:
    _make_pictures()
    _make_servers()
    with op.batch_alter_table("action_pages", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(sa.Column("slug", sa.String(), comment="in addresses; begins as the name"))
        table.add_column(
            sa.Column("addressee", sa.String(), server_default="", nullable=False, comment="a person or a body")
        )
        table.add_column(
            sa.Column(
                "closed_text",
                sa.String(),
                server_default="",
                nullable=False,
                comment="what people read once it is over",
            )
        )
        table.add_column(sa.Column("thanks_text", sa.String(), server_default="", nullable=False))
        table.add_column(
            sa.Column(
                "milestones",
                sa.JSON(),
                server_default="[]",
                nullable=False,
                comment="a number or a day each, and what happens then",
            )
        )
        table.add_column(sa.Column("share_texts", sa.JSON(), server_default="{}", nullable=False, comment="by channel"))
        table.add_column(
            sa.Column(
                "questions",
                sa.JSON(),
                server_default="{}",
                nullable=False,
                comment="own words of the consent questions, by field",
            )
        )
        table.add_column(sa.Column("hero_id", _NUMBER))
        table.add_column(
            sa.Column(
                "hero_alt",
                sa.String(),
                server_default="",
                nullable=False,
                comment="the picture in words, of this language",
            )
        )
        table.add_column(
            sa.Column(
                "mail_name",
                sa.String(),
                server_default="",
                nullable=False,
                comment="in front of From; empty: the org's",
            )
        )
        table.add_column(
            sa.Column("mail_reply_to", sa.String(), server_default="", nullable=False, comment="empty: the org's")
        )
        table.add_column(
            sa.Column("position", _NUMBER, server_default="0", nullable=False, comment="among the campaign's pages")
        )
        table.add_column(sa.Column("edits", _NUMBER, server_default="0", nullable=False))
        table.add_column(sa.Column("edited_at", _MOMENT))
        table.add_column(sa.Column("edited_by", _NUMBER))
        table.create_foreign_key(op.f("fk_action_pages_hero_id"), "pictures", ["hero_id"], ["id"], ondelete="SET NULL")
        table.create_foreign_key(op.f("fk_action_pages_edited_by"), "users", ["edited_by"], ["id"], ondelete="SET NULL")
        table.alter_column(
            "name", existing_type=sa.String(), existing_nullable=False, comment="immutable; in every sealed copy"
        )
        table.alter_column(
            "body", existing_type=sa.String(), existing_nullable=False, existing_server_default="", comment="Markdown"
        )
        _set_states(table, "action_pages", _NEW_STATES)
    op.execute("UPDATE action_pages SET slug = name")
    with op.batch_alter_table("action_pages", table_kwargs=_NEVER_REUSED) as table:
        table.alter_column("slug", existing_type=sa.String(), nullable=False)
        table.create_unique_constraint(op.f("uq_action_pages_slug"), ["slug"])
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(
            sa.Column(
                "partner_delivery",
                sa.Boolean(),
                server_default=sa.text("true"),
                nullable=False,
                comment="what `delivery` of a partner's new page is",
            )
        )
        table.add_column(
            sa.Column(
                "asked_terms",
                sa.String(),
                server_default="",
                nullable=False,
                comment="who shall get a copy once every partner has said yes; empty: as it is",
            )
        )
        table.add_column(
            sa.Column("goal", _NUMBER, server_default="0", nullable=False, comment="0: it moves on as people sign")
        )
        table.add_column(sa.Column("opens_at", _MOMENT))
        table.add_column(sa.Column("closes_at", _MOMENT))
        table.add_column(sa.Column("edits", _NUMBER, server_default="0", nullable=False))
        table.add_column(sa.Column("edited_at", _MOMENT))
        table.add_column(sa.Column("edited_by", _NUMBER))
        table.create_foreign_key(op.f("fk_campaigns_edited_by"), "users", ["edited_by"], ["id"], ondelete="SET NULL")
        table.create_check_constraint(op.f("ck_campaigns_goal"), "goal >= 0")
        table.create_check_constraint(
            op.f("ck_campaigns_closes_at"), "closes_at IS NULL OR opens_at IS NULL OR closes_at > opens_at"
        )
        _set_states(table, "campaigns", _NEW_STATES)
    with op.batch_alter_table("instance") as table:
        table.add_column(
            sa.Column(
                "banner", sa.String(), server_default="", nullable=False, comment="shown on every page; empty: none"
            )
        )
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(
            sa.Column(
                "color", sa.String(), server_default="", nullable=False, comment="like #1a2b3c; empty: the site's"
            )
        )
        table.add_column(
            sa.Column("locale", sa.String(), server_default="en", nullable=False, comment="in which new pages start")
        )
        table.add_column(
            sa.Column(
                "time_zone", sa.String(), server_default="UTC", nullable=False, comment="of the hours its staff types"
            )
        )
    _make_counts()
    _move_counts()
    _make_partners()
    _make_drafts()
    _make_news()


def _set_states(table: BatchOperations, name: str, states: str) -> None:
    table.drop_constraint(op.f(f"ck_{name}_status"), type_="check")
    table.create_check_constraint(op.f(f"ck_{name}_status"), f"status IN ({states})")


def _move_counts() -> None:
    """What was counted a day is a day's number from now on; it has no hours."""
    connection, day = op.get_bind(), _day_counts.c
    found = connection.execute(sa.select(day.action_page_id, day.day, day.event, day.number)).all()
    of_days = {"span": "day", "dimension": "", "value": ""}
    moved = [
        of_days | {"action_page_id": page, "hour": datetime.combine(on, time(), UTC), "event": event, "number": number}
        for page, on, event, number in found
    ]
    if moved:
        connection.execute(_counts.insert(), moved)
    op.drop_table("day_counts")


def _make_pictures() -> None:
    op.create_table(
        "images",
        sa.Column("sha256", sa.String(), nullable=False, comment="of the bytes, in hexadecimal"),
        sa.Column("type", sa.String(), nullable=False, comment="like image/webp"),
        sa.Column("width", _NUMBER, nullable=False),
        sa.Column("height", _NUMBER, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("length(bytes) <= 307200", name=op.f("ck_images_largest")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_images_sha256_length")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_images")),
    )
    op.create_table(
        "pictures",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sizes", sa.JSON(), nullable=False, comment="use, sha256, type, width and height of each"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('hero', 'logo')", name=op.f("ck_pictures_kind")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_pictures_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_pictures_org_id", "pictures", ["org_id"], unique=False)
    op.create_index(
        "uq_pictures_logo",
        "pictures",
        ["org_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'logo'"),
        postgresql_where=sa.text("kind = 'logo'"),
    )


def _make_servers() -> None:
    op.create_table(
        "org_transports",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("in_use", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("port", _NUMBER, nullable=False),
        sa.Column("tls", sa.String(), nullable=False),
        sa.Column("username", sa.String(), server_default="", nullable=False),
        sa.Column("seal", sa.LargeBinary(), comment="its password: secretbox under K(settings, PROCA_SECRET_KEY, '')"),
        sa.Column("mail_from", sa.String(), nullable=False),
        sa.Column("test", sa.String(), server_default="waiting", nullable=False),
        sa.Column("test_to", sa.String(), nullable=False, comment="the address of whoever tries it"),
        sa.Column("answer", sa.String(), server_default="", nullable=False, comment="what the server said to the test"),
        sa.Column("tested_at", _MOMENT),
        sa.Column("user_id", _NUMBER),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("NOT in_use OR test = 'passed'", name=op.f("ck_org_transports_in_use")),
        sa.CheckConstraint("test IN ('waiting', 'passed', 'failed')", name=op.f("ck_org_transports_test")),
        sa.CheckConstraint("tls IN ('starttls', 'ssl')", name=op.f("ck_org_transports_tls")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_transports_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_org_transports_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org_transports")),
        **_NEVER_REUSED,
    )
    op.create_index(op.f("ix_org_transports_org_id"), "org_transports", ["org_id"], unique=False)
    op.create_index(
        "uq_org_transports_in_use",
        "org_transports",
        ["org_id"],
        unique=True,
        sqlite_where=sa.text("in_use"),
        postgresql_where=sa.text("in_use"),
    )


def _make_counts() -> None:
    op.create_table(
        "counts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("action_page_id", _NUMBER, nullable=False),
        sa.Column("hour", _MOMENT, nullable=False, comment="its beginning; of a day, midnight"),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), server_default="", nullable=False),
        sa.Column("value", sa.String(), server_default="", nullable=False),
        sa.Column("number", _NUMBER, server_default="0", nullable=False),
        sa.CheckConstraint("dimension IN ('', 'source', 'area')", name=op.f("ck_counts_dimension")),
        sa.CheckConstraint(
            "event IN ('submitted', 'mailed', 'confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced', 'lost', 'unsure', 'reopened', 'junk', 'capped', 'blocked')",
            name=op.f("ck_counts_event"),
        ),
        sa.CheckConstraint("span IN ('hour', 'day')", name=op.f("ck_counts_span")),
        sa.ForeignKeyConstraint(
            ["action_page_id"], ["action_pages.id"], name=op.f("fk_counts_action_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counts")),
        sa.UniqueConstraint(
            "action_page_id",
            "dimension",
            "event",
            "hour",
            "span",
            "value",
            name=op.f("uq_counts_action_page_id_dimension_event_hour_span_value"),
        ),
    )
    op.create_index("ix_counts_hour", "counts", ["hour"], unique=False)
    op.create_table(
        "collected_elsewhere",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("campaign_id", _NUMBER, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", _NUMBER),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_collected_elsewhere_number")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_collected_elsewhere_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_collected_elsewhere_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collected_elsewhere")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_collected_elsewhere_campaign_id", "collected_elsewhere", ["campaign_id"], unique=False)


def _make_partners() -> None:
    op.create_table(
        "partners",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("campaign_id", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER),
        sa.Column("title", sa.String(), server_default="", nullable=False, comment="of an org that is not here yet"),
        sa.Column("email", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), server_default="invited", nullable=False),
        sa.Column("invited_by", _NUMBER),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT, comment="joined, declined or withdrawn"),
        sa.Column("ended_at", _MOMENT),
        sa.CheckConstraint("org_id IS NOT NULL OR email <> ''", name=op.f("ck_partners_is_somebody")),
        sa.CheckConstraint("state <> 'joined' OR org_id IS NOT NULL", name=op.f("ck_partners_joined")),
        sa.CheckConstraint(
            "state IN ('invited', 'joined', 'declined', 'withdrawn', 'ended')", name=op.f("ck_partners_state")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_partners_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["users.id"], name=op.f("fk_partners_invited_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_partners_org_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_partners_campaign_id", "partners", ["campaign_id"], unique=False)
    op.create_index(
        "uq_partners_takes_part",
        "partners",
        ["campaign_id", "org_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('invited', 'joined')"),
        postgresql_where=sa.text("state IN ('invited', 'joined')"),
    )
    op.create_table(
        "page_receivers",
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.CheckConstraint("position IN (1, 2)", name=op.f("ck_page_receivers_position")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_page_receivers_org_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_page_receivers_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "org_id", name=op.f("pk_page_receivers")),
        sa.UniqueConstraint("page_id", "position", name=op.f("uq_page_receivers_page_id_position")),
    )
    op.create_table(
        "page_slugs",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_page_slugs_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_page_slugs")),
    )
    op.create_index(op.f("ix_page_slugs_page_id"), "page_slugs", ["page_id"], unique=False)


def _make_drafts() -> None:
    op.create_table(
        "form_drafts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("page_id", _NUMBER),
        sa.Column("fields", sa.JSON(), nullable=False, comment="as typed, valid or not"),
        sa.Column("edits", _NUMBER, server_default="0", nullable=False, comment="of the page when it was begun"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_form_drafts_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_form_drafts_page_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_form_drafts_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_drafts")),
        sa.UniqueConstraint("page_id", "user_id", name=op.f("uq_form_drafts_page_id_user_id")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_form_drafts_org_id", "form_drafts", ["org_id"], unique=False)
    op.create_table(
        "mail_texts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("preheader", sa.String(), server_default="", nullable=False, comment="the first words in the inbox"),
        sa.Column("body", sa.String(), nullable=False, comment="with variables in braces"),
        sa.Column("edits", _NUMBER, server_default="0", nullable=False),
        sa.Column("edited_at", _MOMENT, nullable=False),
        sa.Column("edited_by", _NUMBER),
        sa.CheckConstraint("kind IN ('confirm', 'thank-you')", name=op.f("ck_mail_texts_kind")),
        sa.ForeignKeyConstraint(["edited_by"], ["users.id"], name=op.f("fk_mail_texts_edited_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_mail_texts_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_texts")),
        sa.UniqueConstraint("page_id", "kind", name=op.f("uq_mail_texts_page_id_kind")),
        **_NEVER_REUSED,
    )
    op.create_table(
        "launch_ticks",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False, comment="whose tick it is"),
        sa.Column("mark", sa.String(), server_default="", nullable=False),
        sa.Column("user_id", _NUMBER),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint("what IN ('mails-seen', 'test-opened', 'approved')", name=op.f("ck_launch_ticks_what")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_launch_ticks_org_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_launch_ticks_page_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_launch_ticks_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_ticks")),
        sa.UniqueConstraint("page_id", "what", "org_id", name=op.f("uq_launch_ticks_page_id_what_org_id")),
        **_NEVER_REUSED,
    )
    op.create_table(
        "opening_codes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="K(opening-code, PROCA_SECRET_KEY, code)"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint("length(hash) = 32", name=op.f("ck_opening_codes_hash_length")),
        sa.ForeignKeyConstraint(
            ["page_id"], ["action_pages.id"], name=op.f("fk_opening_codes_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_codes")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_opening_codes_page_id", "opening_codes", ["page_id"], unique=False)


def _make_news() -> None:
    op.create_table(
        "news",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(), server_default="update", nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), server_default="", nullable=False, comment="Markdown"),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("edited_at", _MOMENT),
        sa.Column("user_id", _NUMBER),
        sa.CheckConstraint("kind IN ('update', 'outcome')", name=op.f("ck_news_kind")),
        sa.ForeignKeyConstraint(["page_id"], ["action_pages.id"], name=op.f("fk_news_page_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_news_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_news_page_id_published_at", "news", ["page_id", "published_at"], unique=False)
    op.create_table(
        "comments",
        sa.Column("action_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("page_id", _NUMBER, nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT),
        sa.Column("user_id", _NUMBER),
        sa.CheckConstraint("state IN ('waiting', 'shown', 'hidden')", name=op.f("ck_comments_state")),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name=op.f("fk_comments_action_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["page_id"], ["action_pages.id"], name=op.f("fk_comments_page_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_comments_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_page_id_state", "comments", ["page_id", "state", "action_id"], unique=False)


def downgrade() -> None:
    _bring_back_days()
    for name in _TABLES:
        op.drop_table(name)
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        for name in ("time_zone", "locale", "color"):
            table.drop_column(name)
    with op.batch_alter_table("instance") as table:
        table.drop_column("banner")
    for name in ("campaigns", "action_pages"):  # what rests takes no signatures there either
        op.execute(f"UPDATE {name} SET status = 'closed' WHERE status = 'paused'")
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        _set_states(table, "campaigns", _STATES)
        table.drop_constraint(op.f("ck_campaigns_goal"), type_="check")
        table.drop_constraint(op.f("ck_campaigns_closes_at"), type_="check")
        table.drop_constraint(op.f("fk_campaigns_edited_by"), type_="foreignkey")
        for name in ("edited_by", "edited_at", "edits", "closes_at", "opens_at", "goal", "asked_terms", "partner_delivery"):
            table.drop_column(name)
    with op.batch_alter_table("action_pages", table_kwargs=_NEVER_REUSED) as table:
        _set_states(table, "action_pages", _STATES)
        table.drop_constraint(op.f("uq_action_pages_slug"), type_="unique")
        table.drop_constraint(op.f("fk_action_pages_hero_id"), type_="foreignkey")
        table.drop_constraint(op.f("fk_action_pages_edited_by"), type_="foreignkey")
        for name in _OF_PAGES:
            table.drop_column(name)
    op.drop_table("pictures")
    op.drop_table("images")


def _bring_back_days() -> None:
    """Hours are added up to days again; what was not counted a day goes."""
    op.create_table(
        "day_counts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("action_page_id", _NUMBER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("number", _NUMBER, server_default="0", nullable=False),
        sa.CheckConstraint(f"event IN ({_EVENTS})", name=op.f("ck_day_counts_event")),
        sa.ForeignKeyConstraint(
            ["action_page_id"], ["action_pages.id"], name=op.f("fk_day_counts_action_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_counts")),
        sa.UniqueConstraint("action_page_id", "day", "event", name=op.f("uq_day_counts_action_page_id_day_event")),
    )
    connection, row, days = op.get_bind(), _counts.c, Counter()
    found = sa.select(row.action_page_id, row.hour, row.event, row.number).where(row.dimension == "")
    for each in connection.execute(found.where(row.event.not_in(("submitted", "mailed")))).all():
        hour = each.hour.astimezone(UTC) if each.hour.tzinfo else each.hour  # a server has a time zone of its own
        days[each.action_page_id, hour.date(), each.event] += each.number
    for (page, day, event), number in days.items():
        of_day = {"action_page_id": page, "day": day, "event": event, "number": number}
        connection.execute(_day_counts.insert().values(**of_day))
    op.drop_table("counts")
