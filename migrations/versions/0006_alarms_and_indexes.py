"""alarms that stand, and indexes that keep jobs and checks as cheap as their answers

At a million signatures, what looks for a few rows finds them by an index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_alarms")),
    )


def downgrade() -> None:
    op.drop_table("alarms")
