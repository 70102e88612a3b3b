"""What somebody chooses who has no account yet: a name and a password, judged before anything is hashed."""

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.people import text
from proca_web.services.staff import passwords
from proca_web.services.staff.account import judging
from proca_web.services.staff.joining import Newcomer


def read(typed_name: str, password: str, known: tuple[str, ...]) -> Newcomer:
    """What was chosen; `known` are words that a password is not made of. Raises FieldsRefused."""
    faults: dict[str, Message] = {}
    name = ""
    try:
        name = text.name(typed_name)
        if not name:
            faults["name"] = Message(N_("Please write your name, as colleagues know you."))
    except text.Refused as refusal:
        faults["name"] = refusal.message
    try:
        judging.require_good(password, (name, *known))
    except FieldsRefused as refusal:
        faults |= refusal.faults
    if faults:
        raise FieldsRefused(faults)
    return Newcomer(name, passwords.hash_password(password))
