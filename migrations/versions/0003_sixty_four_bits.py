"""sixty-four bits, and one word for what happens to a key

Every number of PostgreSQL gets 64 bits (SQLite's have them). The record of an org and mails to staff name what
happened to a key as the key log does; rows that are there are renamed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBERS = {
    "orgs": ("id",),
    "users": ("id",),
    "audit_entries": ("id", "org_id", "user_id"),
    "campaigns": ("id", "org_id", "confirm_days", "supporter_count"),
    "memberships": ("user_id", "org_id"),
    "public_keys": ("id", "org_id", "log_index"),
    "key_log": ("position",),
    "key_challenges": ("key_id", "user_id", "tries"),
    "key_changes": ("id", "org_id", "key_id", "opened_by", "approved_by"),
    "outbox": ("id", "org_id", "user_id", "attempts"),
    "release_counters": ("org_id", "last_seq"),
    "action_pages": ("id", "campaign_id", "org_id"),
    "consent_texts": ("id", "action_page_id", "org_id"),
    "day_counts": ("id", "action_page_id", "number"),
    "supporters": ("id", "campaign_id"),
    "actions": ("id", "action_page_id", "supporter_id"),
    "contacts": ("id", "action_id", "org_id", "public_key_id", "sign_key_id", "seq"),
    "transients": ("action_id", "attempts", "deliveries"),
}
_RECORDED = {
    "key-registered": "key-register",
    "key-proven": "key-prove",
    "key-discarded": "key-discard",
    "key-activated": "key-activate",
    "key-revoked": "key-revoke",
    "key-change-opened": "key-discontinuity",
    "key-change-approved": "key-approve",
    "key-change-cancelled": "key-cancel",
}
_MAILED = {
    "key_active": "key-activate",
    "key_revoked": "key-revoke",
    "key_expires": "key-expire-soon",
    "key_expired": "key-expire",
    "key_change": "key-discontinuity",
    "key_change_cancelled": "key-cancel",
    "key_unvouched": "key-unvouched",
    "key_log": "key-log-broken",
    "no_key": "key-lacking",
}


def upgrade() -> None:
    _make_numbers("BIGINT")
    _rename(_RECORDED, _MAILED)


def downgrade() -> None:
    """Fails whole where a number does not fit any more."""
    _make_numbers("INTEGER")
    _rename({new: old for old, new in _RECORDED.items()}, {new: old for old, new in _MAILED.items()})


def _make_numbers(kind: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        return
    for table, columns in _NUMBERS.items():
        # All columns of a table at once: each statement writes the table anew.
        op.execute(f"ALTER TABLE {table} " + ", ".join(f"ALTER COLUMN {name} TYPE {kind}" for name in columns))
        if columns[0] == "id":
            op.execute(f"ALTER SEQUENCE {table}_id_seq AS {kind}")


def _rename(recorded: dict[str, str], mailed: dict[str, str]) -> None:
    for table, column, names in (("audit_entries", "event", recorded), ("outbox", "kind", mailed)):
        for old, new in names.items():
            op.execute(sa.text(f"UPDATE {table} SET {column} = :new WHERE {column} = :old").bindparams(new=new, old=old))
