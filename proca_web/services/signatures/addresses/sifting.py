"""Which of the claimed mails go, and the end of those that do not: in the transaction of their claim (protocol 6).

A crash before its commit leaves all as it was, the count of mails too; after it nothing is counted again, because the
row has its mark.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.transient import REMINDED_WITHIN, Event, State
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing, reminding
from proca_web.services.signatures.addresses import looking
from proca_web.services.signatures.addresses.looking import Asked, Found, Verdict

_ENDS = {Verdict.JUNK: Event.JUNK, Verdict.CAPPED: Event.CAP, Verdict.BLOCKED: Event.BLOCK}


def first_mails(
    session: Session, keyring: Keyring, asked: Sequence[Asked], now: datetime
) -> tuple[dict[int, Found], list[int]]:
    """Of these confirmations: which go, with what is known of their address; and which must wait.

    Junk, capped and blocked ones are purged; one that somebody decides about at this moment waits, and so does a
    campaign whose key is missing.
    """
    found = looking.look(session, keyring, asked, now)
    waits = [each.action_id for each in asked if each.action_id not in found]
    for verdict, event in _ENDS.items():
        ended = {action for action, each in found.items() if each.verdict is verdict}
        if ended:
            waits += sorted(ended - clearing.purge_free(session, ended, event, now))
    return {action: each for action, each in found.items() if each.verdict not in _ENDS}, waits


def reminders(
    session: Session, keyring: Keyring, asked: Mapping[Asked, datetime | None], now: datetime
) -> tuple[dict[int, Found], list[int]]:
    """The same of reminders, by when their first mail left; None: there is to be none. What does not go is closed.

    None goes to who has signed meanwhile, said no, or got three mails today: it is a mail as any other.
    """
    timely = [each for each, since in asked.items() if since is not None and now - since < REMINDED_WITHIN]
    found = looking.look(session, keyring, timely, now)
    goes = {action: each for action, each in found.items() if each.verdict is Verdict.GOES}
    waits = [each.action_id for each in timely if each.action_id not in found]
    closed = {each.action_id for each in asked} - goes.keys() - set(waits)
    if closed:
        reminding.close(session, closed, State.WAITING)
    return goes, waits
