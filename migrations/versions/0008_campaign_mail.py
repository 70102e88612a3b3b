"""mail under an org's own name and server, one reminder, no address flooded

Whatever waits goes by the instance's mail server, as before. No fingerprint is made here: what waits already is looked
up when its mail is claimed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NEVER_REUSED = {"sqlite_autoincrement": True}
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_EVENTS = (
    "'confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced', 'lost', 'unsure', 'reopened'"
)
_NEW_EVENTS = "'junk', 'capped', 'blocked'"
_IS_MARK = "length(mark) = 32"


def upgrade() -> None:
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(_text("mail_name", "in front of From; empty: the title"))
        table.add_column(_text("mail_from", "empty: the instance's address"))
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        one_more = "one more mail a day after the first"
        table.add_column(
            sa.Column("reminder", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=one_more)
        )
    with op.batch_alter_table("transients") as table:
        table.add_column(_text("transport", "the org whose mail server takes it; empty: the instance's"))
        table.add_column(
            sa.Column("mark", sa.LargeBinary(), comment="the address's fingerprint, from the first claim on")
        )
        table.create_check_constraint(op.f("ck_transients_mark_length"), f"mark IS NULL OR {_IS_MARK}")
        table.drop_index("ix_transients_due")
        table.create_index("ix_transients_due", ["state", "transport", "next_try"])
    is_waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_transients_waiting", "transients", ["next_try"], sqlite_where=is_waiting, postgresql_where=is_waiting
    )
    _make_tables()
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS}, {_NEW_EVENTS})")


def _text(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="", comment=comment)


def _make_tables() -> None:
    op.create_table(
        "mail_marks",
        sa.Column("campaign_id", _NUMBER, nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mails", _NUMBER, nullable=False, server_default="0"),
        sa.CheckConstraint(_IS_MARK, name=op.f("ck_mail_marks_mark_length")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_mail_marks_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "mark", "day", name=op.f("pk_mail_marks")),
    )
    op.create_index("ix_mail_marks_day", "mail_marks", ["day"])
    op.create_table(
        "blocks",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("campaign_id", _NUMBER, nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False, comment="the address's fingerprint"),
        sa.Column("link_id", sa.LargeBinary(), nullable=False, comment="K(link-id, T) of the link that was used"),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint(_IS_MARK, name=op.f("ck_blocks_mark_length")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_blocks_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocks")),
        sa.UniqueConstraint("link_id", name=op.f("uq_blocks_link_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_blocks_campaign_id_mark", "blocks", ["campaign_id", "mark"])


def downgrade() -> None:
    op.execute(f"DELETE FROM day_counts WHERE event IN ({_NEW_EVENTS})")
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS})")
    op.drop_table("blocks")
    op.drop_table("mail_marks")
    op.drop_index("ix_transients_waiting", "transients")
    with op.batch_alter_table("transients") as table:
        table.drop_index("ix_transients_due")
        table.create_index("ix_transients_due", ["state", "next_try"])
        table.drop_constraint(op.f("ck_transients_mark_length"), type_="check")
        table.drop_column("mark")
        table.drop_column("transport")
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        table.drop_column("reminder")
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        table.drop_column("mail_from")
        table.drop_column("mail_name")
