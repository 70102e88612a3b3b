"""mail under an org's own name and server, one reminder, no address flooded

Whatever waits goes by the instance's mail server, as before. No fingerprint is made here: what waits already is looked
up when its mail is claimed.
"""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

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
_STATES = ("to_send", "sending", "waiting", "to_accept", "thanks_to_send", "thanks_sending")
_transients = sa.table(
    "transients",
    sa.column("action_id", _NUMBER),
    sa.column("state", sa.String()),
    sa.column("wait_key", _NUMBER),
    sa.column("wait_seal", sa.LargeBinary()),
    *(sa.column(name, _MOMENT) for name in ("sealed_at", "waiting_since", "lease_until", "next_try")),
)
_actions = sa.table("actions", sa.column("id", _NUMBER), sa.column("action_page_id", _NUMBER))
_pages = sa.table("action_pages", sa.column("id", _NUMBER), sa.column("campaign_id", _NUMBER))
_campaigns = sa.table("campaigns", sa.column("id", _NUMBER), sa.column("confirm_days", _NUMBER))
_NEW_STATES = ("to_send", "sending", "waiting", "reminding", "to_accept", "thanks_to_send", "thanks_sending")


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
        table.drop_constraint(op.f("ck_transients_waiting_is_closed"), type_="check")
        table.create_check_constraint(
            op.f("ck_transients_reminded_since"),
            "state NOT IN ('waiting', 'reminding') OR wait_seal IS NULL OR waiting_since IS NOT NULL",
        )
        _set_states(table, _NEW_STATES, "'to_send', 'sending', 'waiting', 'reminding'")
        table.drop_index("ix_transients_due")
        table.create_index("ix_transients_due", ["state", "transport", "next_try"])
    is_waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_transients_waiting", "transients", ["next_try"], sqlite_where=is_waiting, postgresql_where=is_waiting
    )
    _make_tables()
    _make_figures()
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS}, {_NEW_EVENTS})")


def _close_reminders() -> None:
    """What waits for its reminder waits for its link alone, as long as it would have."""
    of_page = _actions.c.action_page_id == _pages.c.id
    joined = _transients.join(_actions, _actions.c.id == _transients.c.action_id).join(_pages, of_page)
    joined = joined.join(_campaigns, _campaigns.c.id == _pages.c.campaign_id)
    row = _transients.c
    open_ = sa.select(row.action_id, row.waiting_since, _campaigns.c.confirm_days).select_from(joined)
    open_ = open_.where(row.state.in_(("waiting", "reminding")), row.wait_seal.is_not(None))
    closed = {"state": "waiting", "wait_key": None, "wait_seal": None, "sealed_at": None, "lease_until": None}
    for action, since, days in op.get_bind().execute(open_).all():
        over = since + timedelta(days=days)
        op.execute(_transients.update().where(row.action_id == action).values(next_try=over, **closed))


def _set_states(table: BatchOperations, states: Sequence[str], linked: str) -> None:
    """Which states there are, and in which of them a link must be able to open the address."""
    table.drop_constraint(op.f("ck_transients_state"), type_="check")
    words = ", ".join(f"'{state}'" for state in states)
    table.create_check_constraint(op.f("ck_transients_state"), f"state IN ({words})")
    table.drop_constraint(op.f("ck_transients_link_seal"), type_="check")
    table.create_check_constraint(
        op.f("ck_transients_link_seal"), f"state NOT IN ({linked}) OR link_seal IS NOT NULL"
    )


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
    op.create_table(
        "mail_domains",
        sa.Column("domain", sa.String(), nullable=False),
        _text("about", "the senders that the answer is about"),
        sa.Column("wanted_at", _MOMENT, comment="when somebody asked to look again"),
        sa.Column("tried_at", _MOMENT, comment="when the name server was last asked"),
        _text("reason", "why that gave nothing; empty: it did"),
        sa.Column("asked_at", _MOMENT, comment="when the findings are of"),
        sa.Column("findings", sa.String(), nullable=False, server_default="[]", comment="JSON"),
        sa.Column("received_at", _MOMENT, comment="when a mail that came back was last judged"),
        sa.Column("received", sa.String(), nullable=False, server_default="[]", comment="JSON: what it showed"),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mail_domains")),
    )


def _make_figures() -> None:
    op.create_table(
        "sends",
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False, comment="one of a few large receivers, else other"),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("mails", _NUMBER, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("transport", "provider", "result", name=op.f("pk_sends")),
    )
    op.create_table(
        "mail_connections",
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("transport", "process", name=op.f("pk_mail_connections")),
    )


def downgrade() -> None:
    op.execute(f"DELETE FROM day_counts WHERE event IN ({_NEW_EVENTS})")
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS})")
    op.drop_table("mail_domains")
    op.drop_table("mail_connections")
    op.drop_table("sends")
    op.drop_table("blocks")
    op.drop_table("mail_marks")
    _close_reminders()
    op.drop_index("ix_transients_waiting", "transients")
    with op.batch_alter_table("transients") as table:
        table.drop_index("ix_transients_due")
        table.create_index("ix_transients_due", ["state", "next_try"])
        table.drop_constraint(op.f("ck_transients_mark_length"), type_="check")
        table.drop_constraint(op.f("ck_transients_reminded_since"), type_="check")
        table.create_check_constraint(
            op.f("ck_transients_waiting_is_closed"), "state <> 'waiting' OR wait_seal IS NULL"
        )
        _set_states(table, _STATES, "'to_send', 'sending', 'waiting'")
        table.drop_column("mark")
        table.drop_column("transport")
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        table.drop_column("reminder")
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        table.drop_column("mail_from")
        table.drop_column("mail_name")
