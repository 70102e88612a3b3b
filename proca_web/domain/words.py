"""The words the house keeps things by: kinds, roles, states and events, each declared once.

The models make their CHECK constraints from these, so that a word that is not here cannot be stored.
"""

from enum import StrEnum


class KeyKind(StrEnum):
    """Whose public key a row is."""

    HOME = "home"
    SENDER = "sender"
    RECIPIENT = "recipient"
    BROWSER = "browser"


class KeyRole(StrEnum):
    """What an org's key is for: its daily work, or the day the other one is lost."""

    RECIPIENT = "recipient"
    RECOVERY = "recovery"


class KeyStatus(StrEnum):
    """Where a key stands. That it has expired is time, not a stored word."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


class ChangeStatus(StrEnum):
    """Where a new key stands that the one before did not sign for."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class KeyEvent(StrEnum):
    """What happens to keys, by the word the key log publishes for good. Each is told by one name elsewhere too."""

    HOME = "home"
    HOME_ROTATED = "home-rotate"
    HOME_ANEW = "home-anew"
    REGISTERED = "register"
    PROVEN = "prove"
    DISCARDED = "discard"
    ACTIVATED = "activate"
    RETIRED = "retire"
    REVOKED = "revoke"
    EXPIRES_SOON = "expire-soon"
    EXPIRED = "expire"
    CHANGE_OPENED = "discontinuity"
    CHANGE_APPROVED = "approve"
    CHANGE_CANCELLED = "cancel"
    UNVOUCHED = "unvouched"
    LACKING = "lacking"
    LOG_BROKEN = "log-broken"
    RECORDS = "audit"

    @property
    def told(self) -> str:
        """Its name in an org's record and among mails to staff, where other subjects stand beside it."""
        return f"key-{self}"


class Alarm(StrEnum):
    """What an operator must know at once, by the word `/health` answers."""

    CLOCK = "clock"
    HOUSEKEEPING = "housekeeping"
    KEYRING = "keyring"
    CAMPAIGN_KEY = "campaign-key"
    WORKER = "worker"
    ACCEPTANCE = "acceptance"
    REOPENED = "reopened"
    KEY_LOG = "key-log"
    DATABASE = "database"
    DISK = "disk"
    MAIL = "mail"
    LATE_MAIL = "late-mail"
    UNSURE_MAIL = "unsure-mail"
    QUEUE = "queue"

    @property
    def told(self) -> str:
        """Its name among mails to staff: one text for all, which says the alarm's sentence."""
        return "alarm"


class Continuity(StrEnum):
    """How a key follows the one before: there was none, that one signed for it, or nobody did."""

    FIRST = "first"
    SIGNED = "signed"
    BROKEN = "broken"


class Proof(StrEnum):
    """Why a key may become active: its holder answered a challenge, or the operator entered it."""

    POSSESSION = "possession"
    OPERATOR = "operator"


class Publication(StrEnum):
    """Whether a campaign or page is made, open, resting, or over."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    CLOSED = "closed"


class CommentPolicy(StrEnum):
    """What a page does with a comment."""

    OFF = "off"
    SEALED = "sealed"
    PUBLIC = "public"


class ConsentStyle(StrEnum):
    """How a page asks for consent: a box to tick, or yes and no."""

    BOX = "box"
    CHOICE = "choice"


class ActionStatus(StrEnum):
    """Where a signature stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class EmailStatus(StrEnum):
    """What is known of a supporter's mailbox."""

    NONE = "none"
    DOUBLE_OPT_IN = "double_opt_in"
    BOUNCE = "bounce"
    UNSUB = "unsub"


class SealedBy(StrEnum):
    """Who encrypted a copy."""

    SERVER = "server"
    BROWSER = "browser"


class DayEvent(StrEnum):
    """What is counted by hour and day."""

    SUBMITTED = "submitted"
    MAILED = "mailed"
    CONFIRMED = "confirmed"
    REPEATED = "repeated"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    REFUSED = "refused"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    LOST = "lost"
    UNSURE = "unsure"
    REOPENED = "reopened"
    JUNK = "junk"
    CAPPED = "capped"
    BLOCKED = "blocked"


class OutboxState(StrEnum):
    """Where a mail to staff stands."""

    TO_SEND = "to_send"
    SENDING = "sending"
    SENT = "sent"
