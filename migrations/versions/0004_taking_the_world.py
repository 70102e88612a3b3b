"""what mail servers, clocks and restores ask to be remembered

When a row began to wait and how often its mail's end was unknown; when each relay last took a mail; which instance this
database belongs to, and how far its housekeeping by age has come.
"""

import os
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_WHICH = "16 random bytes; the keyring's guard names it too"
_AGED = "how far housekeeping by age has come; never leaps ahead"
_EVENTS = "'confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced'"


def upgrade() -> None:
    with op.batch_alter_table("transients") as table:
        table.add_column(sa.Column("unsure", _NUMBER, nullable=False, server_default="0", comment="mails whose end nobody knows"))
        table.add_column(sa.Column("waiting_since", _MOMENT, nullable=True, comment="when the mail was taken"))
        table.drop_column("deliveries")
    # Who waits already has waited since the signature, as before.
    op.execute("UPDATE transients SET waiting_since = created_at WHERE state = 'waiting'")
    op.create_table(
        "relays",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )
    op.create_table(
        "faults",
        sa.Column("name", sa.String(), nullable=False, comment="what was set aside; never about a person"),
        sa.Column("reason", sa.String(), nullable=False, comment="the kind of error, without its text"),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_faults")),
    )
    op.create_table(
        "instance",
        sa.Column("id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("instance_id", sa.LargeBinary(), nullable=False, comment=_WHICH),
        sa.Column("aged_at", _MOMENT, nullable=False, comment=_AGED),
        sa.CheckConstraint("id = 1", name=op.f("ck_instance_only_one")),
        sa.CheckConstraint("length(instance_id) = 16", name=op.f("ck_instance_instance_id_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
    )
    instance = sa.table("instance", sa.column("id"), sa.column("instance_id"), sa.column("aged_at", _MOMENT))
    op.execute(instance.insert().values(id=1, instance_id=os.urandom(16), aged_at=datetime.now(UTC)))
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS}, 'lost', 'unsure')")


def downgrade() -> None:
    op.execute("DELETE FROM day_counts WHERE event IN ('lost', 'unsure')")
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS})")
    op.drop_table("instance")
    op.drop_table("faults")
    op.drop_table("relays")
    with op.batch_alter_table("transients") as table:
        table.add_column(
            sa.Column("deliveries", _NUMBER, nullable=False, server_default="0", comment="attempts that may have reached DATA")
        )
        table.drop_column("waiting_since")
        table.drop_column("unsure")
