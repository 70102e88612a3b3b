"""An app that shows codes: its secret, what it is set up with, and a code that works once.

A code is compared here and spent by one statement: of two processes that get the same one, one takes it.
"""

import secrets
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from proca_web.domain import second_step
from proca_web.models import TotpFactor
from proca_web.services.staff.second_factor import sealing

SECRET_BYTES = 20
_DRIFT = (-1, 0, 1)


def new_secret() -> bytes:
    """A secret for an app, as long as the hash it is used with."""
    return secrets.token_bytes(SECRET_BYTES)


def as_text(secret: bytes) -> str:
    """The secret as somebody types it into an app: base32."""
    return b32encode(secret).decode("ascii")


def uri(secret: bytes, issuer: str, email: str) -> str:
    """What the picture says, and a link for an app on the same phone."""
    return pyotp.TOTP(as_text(secret)).provisioning_uri(name=email, issuer_name=issuer)


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """The half minute that this code is of: now, or one beside it, as clocks differ; None: a wrong code."""
    app = pyotp.TOTP(as_text(secret))
    step = int(now.timestamp()) // second_step.STEP_SECONDS
    fitting = [step + drift for drift in _DRIFT if compare_digest(app.generate_otp(step + drift), code)]
    return max(fitting, default=None)


def set_up(session: Session, user_id: int, secret: bytes, step: int, keys: Sequence[str], now: datetime) -> None:
    """From now on this app shows this person's codes, and no other does; the code of `step` proved it, and is spent."""
    remove(session, user_id)
    seal = sealing.seal(secret, user_id, keys)
    session.add(TotpFactor(user_id=user_id, seal=seal, last_step=step, created_at=now))


def remove(session: Session, user_id: int) -> bool:
    """No app any more. False: there was none."""
    gone = delete(TotpFactor).where(TotpFactor.user_id == user_id).returning(TotpFactor.user_id)
    return session.execute(gone).first() is not None


def take(session: Session, user_id: int, code: str, keys: Sequence[str], now: datetime) -> bool:
    """Whether this is an unused code of the person's app; it is now. Seals anew what was under the old key."""
    found = session.get(TotpFactor, user_id)
    opened = sealing.open_(found.seal, user_id, keys) if found else None
    step = step_of(opened[0], code, now) if opened else None
    if found is None or opened is None or step is None:
        return False
    secret, is_old = opened
    mine = (TotpFactor.user_id == user_id, TotpFactor.seal == found.seal, TotpFactor.last_step < step)
    spent = update(TotpFactor).where(*mine).values(last_step=step)
    if is_old:
        spent = spent.values(seal=sealing.seal(secret, user_id, keys))
    returning = spent.returning(TotpFactor.user_id).execution_options(synchronize_session=False)
    return session.execute(returning).first() is not None


@dataclass(frozen=True, slots=True)
class Looked:
    """How many apps' secrets there are, how many no key opens, and how many the key of before alone does."""

    number: int
    closed: int
    old: int


def looked_at(session: Session, keys: Sequence[str]) -> Looked:
    """Whether today's keys still open what the apps' codes are made from."""
    kept = session.execute(select(TotpFactor.user_id, TotpFactor.seal)).all()
    opened = [sealing.open_(seal, user_id, keys) for user_id, seal in kept]
    return Looked(len(kept), opened.count(None), sum(1 for each in opened if each and each[1]))
