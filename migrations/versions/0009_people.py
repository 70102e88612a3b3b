"""everybody on the staff has an account of their own: roles, sessions, a second step, invitations

Whoever owned the Home Org runs the instance, and is an operator from now on. Sessions of before end: everybody signs in
once more.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from proca_web.crypto import audit_chain

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NEVER_REUSED = {"sqlite_autoincrement": True}
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_ROLES = "'owner', 'campaigner', 'translator', 'exporter', 'viewer', 'operator'"
_OF_HOME = "(SELECT id FROM orgs WHERE is_home)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_records = sa.table(
    "audit_entries",
    sa.column("id", _NUMBER),
    sa.column("org_id", _NUMBER),
    sa.column("number", _NUMBER),
    sa.column("user_id", _NUMBER),
    sa.column("actor", sa.String()),
    sa.column("at", _MOMENT),
    sa.column("event", sa.String()),
    sa.column("detail", sa.String()),
    sa.column("hash", sa.LargeBinary()),
)
_orgs = sa.table("orgs", sa.column("id", _NUMBER), sa.column("name", sa.String()))
_users = sa.table("users", sa.column("id", _NUMBER), sa.column("email", sa.String()))
_TABLES = (
    "staff_sessions",
    "devices",
    "sign_in_tries",
    "invitations",
    "account_links",
    "totp_factors",
    "recovery_codes",
    "passkeys",
    "factor_resets",
)


def upgrade() -> None:
    with op.batch_alter_table("users", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(_text("name"))
        table.add_column(_text("locale", "of the console; empty: the browser's"))
        table.add_column(sa.Column("locked_at", _MOMENT, comment="an operator took the account out of use"))
    with op.batch_alter_table("orgs", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(
            _when("locked_at", nullable=True, comment="an operator took it out of use: nothing is sealed to it")
        )
    with op.batch_alter_table("memberships") as table:
        table.drop_constraint(op.f("ck_memberships_role"), type_="check")
        table.create_check_constraint(op.f("ck_memberships_role"), f"role IN ({_ROLES})")
        table.add_column(_when("created_at", nullable=True))
    op.execute("UPDATE memberships SET created_at = (SELECT created_at FROM users WHERE users.id = user_id)")
    with op.batch_alter_table("memberships") as table:
        table.alter_column("created_at", existing_type=_MOMENT, nullable=False)
    op.execute(f"UPDATE memberships SET role = 'operator' WHERE org_id IN {_OF_HOME}")
    with op.batch_alter_table("outbox", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(_text("email", "where it goes, if that is no account's address"))
        table.alter_column("user_id", existing_type=_NUMBER, nullable=True)
        table.create_check_constraint(op.f("ck_outbox_goes_somewhere"), "user_id IS NOT NULL OR email <> ''")
    _chain_records()
    _make_sessions()
    _make_links()
    _make_factors()


def _chain_records() -> None:
    """Every entry of before gets its number and its hash, in the order in which they were written."""
    with op.batch_alter_table("audit_entries", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(sa.Column("number", _NUMBER, comment="from 1, without a gap"))
        table.add_column(_text("actor", "the address of that day; empty: nobody in person"))
        table.add_column(sa.Column("hash", sa.LargeBinary(), comment="D(32, audit, hash before, this entry)"))
    _number_records()
    with op.batch_alter_table("audit_entries", table_kwargs=_NEVER_REUSED) as table:
        table.alter_column("number", existing_type=_NUMBER, nullable=False)
        table.alter_column("hash", existing_type=sa.LargeBinary(), nullable=False)
        table.alter_column("actor", existing_type=sa.String(), server_default=None)
        table.create_check_constraint(op.f("ck_audit_entries_number"), "number > 0")
        table.create_check_constraint(op.f("ck_audit_entries_hash_length"), "length(hash) = 32")
        table.create_unique_constraint(op.f("uq_audit_entries_org_id_number"), ["org_id", "number"])
    op.create_table(
        "audit_heads",
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_audit_heads_org_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("position", "org_id", name=op.f("pk_audit_heads")),
    )


def _number_records() -> None:
    connection, row = op.get_bind(), _records.c
    found = sa.select(row.id, row.org_id, _orgs.c.name, row.at, _users.c.email, row.event, row.detail)
    found = found.join(_orgs, _orgs.c.id == row.org_id).outerjoin(_users, _users.c.id == row.user_id)
    put = _records.update().where(row.id == sa.bindparam("id_"))
    put = put.values(number=sa.bindparam("number_"), actor=sa.bindparam("actor_"), hash=sa.bindparam("hash_"))
    ends: dict[int, tuple[int, bytes]] = {}
    for each in connection.execute(found.order_by(row.id)).all():
        number, previous = ends.get(each.org_id, (0, audit_chain.BEGINNING))
        moment = each.at if each.at.tzinfo else each.at.replace(tzinfo=UTC)
        at, actor = (moment - _EPOCH) // timedelta(microseconds=1), each.email or ""
        hash_ = audit_chain.entry_hash(previous, each.name, number + 1, at, actor, each.event, each.detail)
        ends[each.org_id] = (number + 1, hash_)
        connection.execute(put, {"id_": each.id, "number_": number + 1, "actor_": actor, "hash_": hash_})


def _text(name: str, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="", comment=comment)


def _id() -> sa.Column[int]:
    return sa.Column("id", _NUMBER, nullable=False)


def _user(*, nullable: bool = False, name: str = "user_id") -> sa.Column[int]:
    return sa.Column(name, _NUMBER, nullable=nullable)


def _of_user(table: str, column: str = "user_id", ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _of_org(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f(f"fk_{table}_org_id"), ondelete="CASCADE")


def _when(name: str, *, nullable: bool = False, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, _MOMENT, nullable=nullable, comment=comment)


def _make_sessions() -> None:
    op.create_table(
        "staff_sessions",
        _id(),
        _user(),
        sa.Column(
            "token_id",
            sa.LargeBinary(),
            nullable=False,
            comment="D(32, session, token); the token is in the cookie only",
        ),
        sa.Column("device", sa.String(), nullable=False, comment="in words, like Firefox on Linux"),
        sa.Column("network", sa.String(), nullable=False, comment="cut to /24 or /48"),
        _when("created_at"),
        _when("seen_at"),
        _when("factor_at", nullable=True, comment="when the second step was last taken in it"),
        sa.CheckConstraint("length(token_id) = 32", name=op.f("ck_staff_sessions_token_id_length")),
        _of_user("staff_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_id", name=op.f("uq_staff_sessions_token_id")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_staff_sessions_user_id", "staff_sessions", ["user_id"])
    op.create_table(
        "devices",
        _user(),
        sa.Column("mark", sa.LargeBinary(), nullable=False, comment="K(device, PROCA_SECRET_KEY, …)"),
        _when("seen_at"),
        sa.CheckConstraint("length(mark) = 32", name=op.f("ck_devices_mark_length")),
        _of_user("devices"),
        sa.PrimaryKeyConstraint("user_id", "mark", name=op.f("pk_devices")),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column(
            "who", sa.LargeBinary(), nullable=False, comment="K(sign-in, PROCA_SECRET_KEY, address or network)"
        ),
        sa.Column("tries", _NUMBER, nullable=False),
        _when("tried_at"),
        sa.CheckConstraint("length(who) = 32", name=op.f("ck_sign_in_tries_who_length")),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_sign_in_tries")),
    )
    op.create_index("ix_sign_in_tries_tried_at", "sign_in_tries", ["tried_at"])


def _make_links() -> None:
    op.create_table(
        "invitations",
        _id(),
        sa.Column("org_id", _NUMBER, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        _user(nullable=True, name="invited_by"),
        _when("created_at"),
        _when("until"),
        _when("used_at", nullable=True),
        _when("withdrawn_at", nullable=True, comment="by the org, or declined by whom it was mailed to"),
        sa.CheckConstraint(f"role IN ({_ROLES})", name=op.f("ck_invitations_role")),
        _of_org("invitations"),
        _of_user("invitations", "invited_by", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_invitations_org_id", "invitations", ["org_id"])
    kinds = "kind IN ('reset', 'address-before', 'address-new')"
    op.create_table(
        "account_links",
        _id(),
        _user(),
        sa.Column("kind", sa.String(), nullable=False),
        _text("email", "the new address, where it changes"),
        _when("created_at"),
        _when("until"),
        _when("used_at", nullable=True),
        sa.CheckConstraint(kinds, name=op.f("ck_account_links_kind")),
        _of_user("account_links"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_account_links_user_id", "account_links", ["user_id"])


def _make_factors() -> None:
    op.create_table(
        "totp_factors",
        _user(),
        sa.Column(
            "seal",
            sa.LargeBinary(),
            nullable=False,
            comment="secretbox under K(factor, PROCA_SECRET_KEY, user id)",
        ),
        sa.Column("last_step", _NUMBER, nullable=False, server_default="0", comment="a code works once"),
        _when("created_at"),
        _of_user("totp_factors"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp_factors")),
    )
    op.create_table(
        "recovery_codes",
        _id(),
        _user(),
        sa.Column("hash", sa.String(), nullable=False, comment="argon2id, libsodium's text form"),
        _of_user("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "passkeys",
        _id(),
        _user(),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", _NUMBER, nullable=False, server_default="0"),
        _text("name"),
        _when("created_at"),
        _when("used_at", nullable=True),
        _of_user("passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        **_NEVER_REUSED,
    )
    op.create_index("ix_passkeys_user_id", "passkeys", ["user_id"])
    op.create_table(
        "factor_resets",
        _id(),
        _user(),
        sa.Column("org_id", _NUMBER, nullable=False, comment="in whose name"),
        _user(nullable=True, name="asked_by"),
        _when("asked_at"),
        _when("due_at"),
        _when("ended_at", nullable=True, comment="done or cancelled"),
        sa.Column("done", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        _of_user("factor_resets"),
        _of_org("factor_resets"),
        _of_user("factor_resets", "asked_by", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_resets")),
        **_NEVER_REUSED,
    )
    is_open = {f"{kind}_where": sa.text("ended_at IS NULL") for kind in ("sqlite", "postgresql")}
    op.create_index("uq_factor_resets_open", "factor_resets", ["user_id"], unique=True, **is_open)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_table("audit_heads")
    with op.batch_alter_table("audit_entries", table_kwargs=_NEVER_REUSED) as table:
        table.drop_constraint(op.f("uq_audit_entries_org_id_number"), type_="unique")
        table.drop_constraint(op.f("ck_audit_entries_hash_length"), type_="check")
        table.drop_constraint(op.f("ck_audit_entries_number"), type_="check")
        table.drop_column("hash")
        table.drop_column("actor")
        table.drop_column("number")
    op.execute("DELETE FROM outbox WHERE user_id IS NULL")
    with op.batch_alter_table("outbox", table_kwargs=_NEVER_REUSED) as table:
        table.drop_constraint(op.f("ck_outbox_goes_somewhere"), type_="check")
        table.alter_column("user_id", existing_type=_NUMBER, nullable=False)
        table.drop_column("email")
    # The version before knows owners alone; who was less than that is not made more.
    op.execute("UPDATE memberships SET role = 'owner' WHERE role = 'operator'")
    op.execute("DELETE FROM memberships WHERE role <> 'owner'")
    with op.batch_alter_table("memberships") as table:
        table.drop_constraint(op.f("ck_memberships_role"), type_="check")
        table.create_check_constraint(op.f("ck_memberships_role"), "role IN ('owner')")
        table.drop_column("created_at")
    op.drop_column("orgs", "locked_at")
    with op.batch_alter_table("users", table_kwargs=_NEVER_REUSED) as table:
        table.drop_column("locked_at")
        table.drop_column("locale")
        table.drop_column("name")
