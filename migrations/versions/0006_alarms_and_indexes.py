"""alarms that stand, and indexes that keep jobs and checks as cheap as their answers

At a million signatures, what looks for a few rows finds them by an index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_contacts_public_key_id": ("contacts", ["public_key_id"], ""),
    "ix_actions_action_page_id_created_at": ("actions", ["action_page_id", "created_at"], ""),
    "ix_actions_created_at": ("actions", ["created_at"], ""),
    "ix_actions_counted": ("actions", ["action_page_id"], "counted"),
    "ix_transients_created_at": ("transients", ["created_at"], ""),
    "ix_transients_readable": ("transients", ["sealed_at"], "wait_seal IS NOT NULL"),
}
_TO_RELEASE = "ix_actions_to_release"
_UNRELEASED = "status <> 'pending' AND NOT released"
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
    for name, (table, columns, where) in _INDEXES.items():
        op.create_index(name, table, columns, **_where(where))
    op.drop_index(_TO_RELEASE, table_name="actions")
    op.create_index(_TO_RELEASE, "actions", ["accepted_at", "id"], **_where(_UNRELEASED))


def downgrade() -> None:
    op.drop_index(_TO_RELEASE, table_name="actions")
    op.create_index(_TO_RELEASE, "actions", ["id"], **_where(_UNRELEASED))
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table_name=table)
    op.drop_table("alarms")


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {f"{kind}_where": sa.text(condition) for kind in ("sqlite", "postgresql") if condition}
