"""Count what was confirmed, and what needs no confirmation: opened before the transaction, a hundred in one.

Waits for no mail and no release, and costs one look where nothing was confirmed. A batch that fails is done again row
by row, and what is bad is set aside.
"""

from collections.abc import Sequence

from flask import Flask

from proca_web.adapters import clock, logs
from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.errors import CampaignKeyMissing, Unavailable
from proca_web.domain.words import Alarm
from proca_web.services.instance import alarms
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.worker_keys import Opener
from proca_web.services.signatures import accepting
from proca_web.services.signatures.accepting import Confirmed, Opened

MOST_ROUNDS = 10_000


def accept(app: Flask, rounds: int = MOST_ROUNDS) -> int:
    """Accept all that waits for it, or so many batches; how many were, who are to be released and thanked."""
    with app.app_context():
        accepted, tried = 0, set[int]()
        for _ in range(rounds):
            with reading() as session:
                found = [row for row in accepting.due(session, clock.now()) if row.action_id not in tried]
            if not found:
                break
            with reading() as session, worker_keys.opener(session, keyring_of(app)) as opener:
                opened = _open(app, opener, found)
            tried.update(row.action_id for row in found)
            accepted += _accept(app, opened)
        return accepted


def watch(app: Flask) -> None:
    """Somebody must know when confirmations wait for more than five minutes; inside the app's context."""
    with reading() as session:
        number = accepting.late(session, clock.now())
    if number:
        app.logger.critical("accept: %d confirmed signatures wait for more than five minutes", number)
        with writing() as session:
            alarms.raise_(session, Alarm.ACCEPTANCE, clock.now(), number=number)


def _open(app: Flask, opener: Opener, rows: Sequence[Confirmed]) -> list[Opened]:
    """What this host can open; what it has no key of is left for ten minutes, what nobody can open goes its own way."""
    opened, closed = [], []
    waits = waiting_of(app)
    for row in rows:
        try:
            waiting = accepting.read(opener, row)
        except CannotOpen:
            if row.link_seal is None:
                _discard(row)
            else:
                reopen(app, row)
            continue
        if waiting is None:
            closed.append(row.action_id)
        else:
            opened.append(Opened(row, waiting, waits.seal(waiting)))
    _put_off(app, closed, "this host has no key of")
    return opened


def _discard(row: Confirmed) -> None:
    with writing() as session:
        accepting.discard(session, row.action_id, clock.now())


def reopen(app: Flask, row: Confirmed) -> None:
    """The link of that row works again, and an operator hears of it."""
    app.logger.critical("accept: a confirmation could not be opened; its link works again")
    with writing() as session:
        accepting.reopen(session, row.action_id, clock.now(), row.confirm_days)
        alarms.raise_(session, Alarm.REOPENED, clock.now(), number=1)


def _accept(app: Flask, opened: Sequence[Opened]) -> int:
    """How many were accepted. Campaigns without their key wait alone, and so does a row that cannot be written."""
    while opened:
        try:
            return _at_once(app, opened)
        except CampaignKeyMissing as error:
            app.logger.critical("accept: %s", error)
            waits = [each.row.action_id for each in opened if each.row.campaign_id == error.campaign_id]
            _put_off(app, waits, "the keyring has no campaign key for")
            opened = [each for each in opened if each.row.campaign_id != error.campaign_id]
        except Unavailable:
            raise
        except Exception as error:
            logs.unexpected(app.logger, error, "accept")
            if len(opened) == 1:
                _put_off(app, [opened[0].row.action_id], "an error sets aside")
                return 0
            return sum(_accept(app, [each]) for each in opened)
    return 0


def _at_once(app: Flask, opened: Sequence[Opened]) -> int:
    with writing() as session:
        return accepting.accept(session, keyring_of(app), opened, clock.now())


def _put_off(app: Flask, action_ids: Sequence[int], why: str) -> None:
    if action_ids:
        app.logger.critical("accept: %s %d confirmations; they are tried again in ten minutes", why, len(action_ids))
        with writing() as session:
            accepting.put_off(session, action_ids, clock.now())
