"""Taking somebody's second step: what is slow happens outside any transaction, spending is one short write."""

from dataclasses import dataclass

from flask import current_app
from flask import session as cookie

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain import second_step
from proca_web.domain.errors import PasskeyRefused
from proca_web.domain.staff_words import FactorEvent
from proca_web.services.staff.second_factor import passkeys, recovery, standing, totp
from proca_web.web.second_step import halfway


@dataclass(frozen=True, slots=True)
class Taken:
    """A second step that was right; `codes_left`: how many recovery codes are, where one of them was used."""

    codes_left: int | None = None


def code(user_id: int, typed: str) -> Taken | None:
    """Six digits of the app or a recovery code, spent by this; None: neither, or used before."""
    digits, words = second_step.app_code(typed), second_step.recovery_code(typed)
    if digits is not None:
        keys = current_app.extensions["proca_settings"].secret_keys
        with writing() as session:
            return Taken() if totp.take(session, user_id, digits, keys, clock.now()) else None
    return _recovery_code(user_id, words) if words is not None else None


def passkey(answer: str) -> int | None:
    """Whose passkey answered the challenge of this browser; None: nobody's, or it was answered before."""
    now = clock.now()
    asked = halfway.take_challenge(cookie, halfway.USE, now)
    site = site_of_passkeys()
    if asked is None or site is None:
        return None
    challenge, asked_at = asked
    try:
        with reading() as session:
            key = passkeys.named(session, answer)
        count = passkeys.counted(key, answer, site, current_app.config["PUBLIC_URL"], challenge)
    except PasskeyRefused:
        return None
    with writing() as session:
        return key.user_id if passkeys.use(session, key.id, count, asked_at, now) else None


def site_of_passkeys() -> str | None:
    """What passkeys of this site are bound to; None: it has no name, so there are none."""
    return passkeys.site_of(current_app.config["PUBLIC_URL"])


def _recovery_code(user_id: int, typed: str) -> Taken | None:
    with reading() as session:
        kept = recovery.kept(session, user_id)
    found = recovery.matching(kept, typed)
    if found is None:
        return None
    with writing() as session:
        if not recovery.spend(session, user_id, found):
            return None
        left = recovery.left(session, user_id)
        standing.changed(session, user_id, FactorEvent.CODE_USED, clock.now(), left=left)
    return Taken(left)
