"""what waits is sealed to the keys of worker hosts, what was not confirmed by mail is counted apart, refs are found

Addresses that wait under an hourly key of before are sealed anew to this host's first worker key, in the migration's own
transaction: none is lost. What no key of before opens keeps its seal, and the sweep ends it as it would have.
"""

import json
import os
import secrets
from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from flask import current_app
from nacl.bindings import crypto_secretbox
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.encryption import home_of
from proca_web.adapters.keyring import keyring_of
from proca_web.crypto.boxes import live_pair, transient_seal, worker_key
from proca_web.crypto.boxes.transient_seal import Carries, Waiting
from proca_web.crypto.boxes.worker_key import WorkerKey
from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import CannotOpen
from proca_web.services.sealing import key_files, worker_keys

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BATCH = 500
_NEVER_REUSED = {"sqlite_autoincrement": True}
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_EVENTS = "'confirmed', 'repeated', 'withdrawn', 'rejected', 'refused', 'expired', 'bounced', 'lost', 'unsure'"
_HAS_KEY = "ck_transients_wait_seal_has_key"
_KEY = "the smallest id of a worker key that wait_seal names"
_OF_LINK = ("to_send", "sending")
_FILE = "name of the keyring file that opens wait_seal"
_UNCONFIRMED = """
UPDATE campaigns SET unconfirmed_count = (
  SELECT count(*) FROM actions JOIN action_pages ON action_pages.id = actions.action_page_id
   WHERE action_pages.campaign_id = campaigns.id AND actions.counted AND actions.confirm_id IS NULL)
"""
_transients = sa.table(
    "transients",
    sa.column("action_id", _NUMBER),
    sa.column("state", sa.String()),
    sa.column("wait_key", sa.String()),
    sa.column("wait_seal", sa.LargeBinary()),
    sa.column("wait_key_id", _NUMBER),
)
_sealed_now = sa.table(
    "transients",
    sa.column("action_id", _NUMBER),
    sa.column("state", sa.String()),
    sa.column("wait_key", _NUMBER),
    sa.column("wait_seal", sa.LargeBinary()),
    sa.column("link_seal", sa.LargeBinary()),
    sa.column("sealed_at", _MOMENT),
    sa.column("next_try", _MOMENT),
    sa.column("wait_name", sa.String()),
)
_worker_keys = sa.table(
    "worker_keys",
    sa.column("id", _NUMBER),
    sa.column("host", sa.String()),
    sa.column("public", sa.LargeBinary()),
    sa.column("not_before", _MOMENT),
    sa.column("not_after", _MOMENT),
    sa.column("certificate", sa.LargeBinary()),
)


def upgrade() -> None:
    _make_tables()
    op.add_column("transients", sa.Column("wait_key_id", _NUMBER, nullable=True, comment=_KEY))
    _seal_anew()
    with op.batch_alter_table("transients") as table:
        table.drop_constraint(op.f(_HAS_KEY), type_="check")
        table.drop_column("wait_key")
    with op.batch_alter_table("transients") as table:
        table.alter_column("wait_key_id", new_column_name="wait_key")
    with op.batch_alter_table("transients") as table:
        table.create_check_constraint(op.f(_HAS_KEY), "(wait_key IS NULL) = (wait_seal IS NULL)")
    waits = {f"{kind}_where": sa.text("wait_key IS NOT NULL") for kind in ("sqlite", "postgresql")}
    op.create_index("ix_transients_wait_key", "transients", ["wait_key"], **waits)
    op.execute(_UNCONFIRMED)
    op.create_index("ix_actions_ref", "actions", ["ref"])
    homes = {f"{kind}_where": sa.text("kind = 'home'") for kind in ("sqlite", "postgresql")}
    op.create_index("ix_public_keys_homes", "public_keys", ["id"], **homes)


def _make_tables() -> None:
    op.create_table(
        "worker_keys",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("host", sa.String(), nullable=False, comment="16 hex characters, drawn once a worker host"),
        sa.Column("public", sa.LargeBinary(), nullable=False, comment="X25519, 32 bytes; the name of the file with the secret half"),
        sa.Column("not_before", _MOMENT, nullable=False),
        sa.Column("not_after", _MOMENT, nullable=False),
        sa.Column(
            "certificate", sa.LargeBinary(), nullable=False, comment="Sign(worker-key, …) of the Home identity; needed to seal"
        ),
        sa.CheckConstraint("length(host) = 16", name=op.f("ck_worker_keys_host_length")),
        sa.CheckConstraint("length(public) = 32", name=op.f("ck_worker_keys_public_length")),
        sa.CheckConstraint("length(certificate) = 64", name=op.f("ck_worker_keys_certificate_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_keys")),
        sa.UniqueConstraint("public", name=op.f("uq_worker_keys_public")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        table.add_column(
            sa.Column(
                "unconfirmed_count",
                _NUMBER,
                nullable=False,
                server_default="0",
                comment="how many of those signed without a confirmation by mail",
            )
        )
        table.add_column(sa.Column("key_check", sa.LargeBinary(), comment="D(8, campaign-key, key): which file is its key"))
        table.add_column(sa.Column("rekeyed_at", _MOMENT, comment="its key was lost: who signed before counts again"))
        table.create_check_constraint(op.f("ck_campaigns_unconfirmed_count"), "unconfirmed_count >= 0")
        table.create_check_constraint(op.f("ck_campaigns_key_check_length"), "key_check IS NULL OR length(key_check) = 8")
    op.add_column(
        "instance", sa.Column("senders_end_at", _MOMENT, nullable=True, comment="when all senders were last asked to end")
    )
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS}, 'reopened')")


def _seal_anew() -> None:
    """Every seal of before, batch by batch: opened with its hourly key, sealed to a worker key made here."""
    connection = op.get_bind()
    row = _transients.c
    left = sa.select(row.action_id, row.state, row.wait_key, row.wait_seal)
    left = left.where(row.wait_seal.is_not(None), row.wait_key_id.is_(None)).order_by(row.action_id).limit(_BATCH)
    rows = connection.execute(left).all()
    if not rows:
        return
    _require_keys(connection)
    key, pair = _first_key(connection), live_pair.new_pair()
    put = (
        _transients.update()
        .where(row.action_id == sa.bindparam("row"))
        .values(wait_key_id=sa.bindparam("id_"), wait_seal=sa.bindparam("seal"))
    )
    while rows:
        anew = []
        for each in rows:
            waiting = _opened(each)
            seal = transient_seal.seal_waiting(pair, [key], waiting) if waiting else each.wait_seal
            anew.append({"row": each.action_id, "id_": key.id if waiting else 0, "seal": seal})
        connection.execute(put, anew)
        rows = connection.execute(left).all()
    pair.end()


def _require_keys(connection: sa.Connection) -> None:
    """A keyring without any of the keys is another one, or away: then nothing is changed."""
    folder = keyring_of(current_app).directory / "transient"
    named = connection.scalars(sa.select(_transients.c.wait_key).where(_transients.c.wait_key.is_not(None)).distinct())
    if not any((folder / name.rpartition("/")[2]).is_file() for name in named):
        raise RuntimeError(
            f"addresses wait for keys, and none of these is in {folder}: put the keyring of this instance there"
            " (or let a sweep of the version before give them up)"
        )


def _opened(row: sa.Row) -> Waiting | None:
    """What waits, with its hourly key from the keyring; None when that is gone."""
    carries = Carries.CONFIRM if row.state in _OF_LINK else Carries.WITHDRAW
    folder = keyring_of(current_app).directory / "transient"
    try:
        hourly = (folder / row.wait_key.rpartition("/")[2]).read_bytes()
        old = transient_seal.open_under(hourly, row.wait_seal)
    except (FileNotFoundError, CannotOpen):
        return None
    return Waiting(old.email, old.first_name, old.token, carries=carries)


def _first_key(connection: sa.Connection) -> WorkerKey:
    keyring = keyring_of(current_app)
    host = keyring.become_worker()
    public, begin = keyring.worker.make(), clock.now().replace(microsecond=0)
    certificate = worker_key.issue(home_of(current_app), host, public, begin)
    values = {"host": host, "public": public, "not_before": begin, "not_after": begin + worker_key.LIFE}
    statement = _worker_keys.insert().values(certificate=certificate, **values).returning(_worker_keys.c.id)
    return WorkerKey(id=connection.execute(statement).scalar_one(), certificate=certificate, **values)


def downgrade() -> None:
    op.drop_index("ix_public_keys_homes", table_name="public_keys")
    op.drop_index("ix_actions_ref", table_name="actions")
    op.drop_index("ix_transients_wait_key", table_name="transients")
    _ask_again()
    op.add_column("transients", sa.Column("wait_name", sa.String(), nullable=True, comment=_FILE))
    _seal_as_before()
    with op.batch_alter_table("transients") as table:
        table.drop_constraint(op.f(_HAS_KEY), type_="check")
        table.drop_column("wait_key")
    with op.batch_alter_table("transients") as table:
        table.alter_column("wait_name", new_column_name="wait_key")
    with op.batch_alter_table("transients") as table:
        table.create_check_constraint(op.f(_HAS_KEY), "(wait_key IS NULL) = (wait_seal IS NULL)")
    op.execute("DELETE FROM day_counts WHERE event = 'reopened'")
    with op.batch_alter_table("day_counts") as table:
        table.drop_constraint(op.f("ck_day_counts_event"), type_="check")
        table.create_check_constraint(op.f("ck_day_counts_event"), f"event IN ({_EVENTS})")
    with op.batch_alter_table("instance") as table:
        table.drop_column("senders_end_at")
    with op.batch_alter_table("campaigns", table_kwargs=_NEVER_REUSED) as table:
        table.drop_constraint(op.f("ck_campaigns_key_check_length"), type_="check")
        table.drop_constraint(op.f("ck_campaigns_unconfirmed_count"), type_="check")
        table.drop_column("rekeyed_at")
        table.drop_column("key_check")
        table.drop_column("unconfirmed_count")
    op.drop_table("worker_keys")


def _ask_again() -> None:
    """The version before knows no row that is confirmed and not yet counted: its link is to be pressed again."""
    row = _sealed_now.c
    asked = _sealed_now.update().where(row.state == "to_accept", row.link_seal.is_not(None))
    over = clock.now() + timedelta(days=14)
    op.execute(asked.values(state="waiting", wait_key=None, wait_seal=None, sealed_at=None, next_try=over))


def _seal_as_before() -> None:
    """What waits under this host's keys, under an hourly key again; what it cannot open names no key that is there."""
    connection, keyring = op.get_bind(), keyring_of(current_app)
    row = _sealed_now.c
    rows = connection.execute(sa.select(row.action_id, row.wait_seal).where(row.wait_seal.is_not(None))).all()
    if not rows:
        return
    put = _sealed_now.update().where(row.action_id == sa.bindparam("row"))
    put = put.values(wait_name=sa.bindparam("name"), wait_seal=sa.bindparam("seal"))
    name, hourly = f"{clock.now():%Y-%m-%dT%H}-{secrets.token_hex(4)}", secrets.token_bytes(32)
    folder = keyring.directory / "transient"
    folder.mkdir(mode=0o700, exist_ok=True)
    key_files.write_new(folder / name, lambda descriptor: os.write(descriptor, hourly))
    with Session(connection, join_transaction_mode="rollback_only") as session:
        with worker_keys.opener(session, keyring) as opener:
            opened = [(each.action_id, opener.open(each.wait_seal)) for each in rows]
        for action_id, waiting in opened:
            seal = _sealed_as_before(hourly, waiting) if waiting else b"-"
            connection.execute(put, {"row": action_id, "name": name if waiting else "-", "seal": seal})


def _sealed_as_before(hourly: bytes, waiting: Waiting) -> bytes:
    content = {"email": waiting.email, "first_name": waiting.first_name, "token": encode(waiting.token)}
    nonce = secrets.token_bytes(24)
    return nonce + crypto_secretbox(json.dumps(content).encode().ljust(640), nonce, hourly)
