"""The words for staff: roles, what happens to people and their accounts, links that are mailed to them."""

from enum import StrEnum


class FactorEvent(StrEnum):
    """What happens to somebody's second step, by the word an org's record has for it."""

    APP = "factor-app"
    APP_OFF = "factor-app-off"
    PASSKEY = "factor-passkey"
    PASSKEY_OFF = "factor-passkey-off"
    CODES = "factor-codes"
    CODE_USED = "factor-code-used"
    RESET_ASKED = "factor-reset-asked"
    RESET_CANCELLED = "factor-reset-cancelled"
    RESET_DONE = "factor-reset-done"

    @property
    def told(self) -> str:
        """Its name among mails to staff: what somebody did to their own step is one text."""
        is_reset = self.startswith("factor-reset")
        return f"factor/{self.removeprefix('factor-')}" if is_reset else "factor/changed"


class StaffRole(StrEnum):
    """What a person is in an org; `OPERATOR` in the Home Org alone: who runs the instance."""

    OWNER = "owner"
    CAMPAIGNER = "campaigner"
    TRANSLATOR = "translator"
    EXPORTER = "exporter"
    VIEWER = "viewer"
    OPERATOR = "operator"


class StaffEvent(StrEnum):
    """What happens to people and their places, by the word an org's record holds."""

    INVITED = "invite"
    INVITED_AGAIN = "invite-again"
    INVITATION_WITHDRAWN = "invitation-withdraw"
    INVITATION_DECLINED = "invitation-decline"
    JOINED = "join"
    ADDED = "add"
    ROLE_CHANGED = "role-change"
    REMOVED = "remove"
    LEFT = "leave"
    ACCOUNT_LOCKED = "account-lock"
    ACCOUNT_UNLOCKED = "account-unlock"
    SESSIONS_ENDED = "sessions-end"
    ORG_MADE = "org-add"
    ORG_LOCKED = "org-lock"
    ORG_UNLOCKED = "org-unlock"

    @property
    def told(self) -> str:
        """Its name in an org's record and among mails to staff, where other subjects stand beside it."""
        return f"people-{self}"


class AccountEvent(StrEnum):
    """What happens to somebody's account, by the word the records of their orgs hold."""

    SIGNED_IN = "sign-in"
    NEW_DEVICE = "new-device"
    TRIED = "tries"
    NAME = "name"
    PASSWORD = "password"  # noqa: S105 -- the word, not one
    RESET = "reset"
    RESET_DONE = "reset-done"
    ADDRESS_ASKED = "address-ask"
    ADDRESS_OF_BEFORE = "address-before"
    NEW_ADDRESS = "address-new"
    ADDRESS_REFUSED = "address-refuse"
    ADDRESS = "address"
    SIGNED_OUT = "sign-out"
    SESSIONS_ENDED = "sessions-end"

    @property
    def told(self) -> str:
        """Its name in an org's record and among mails to staff, where other subjects stand beside it."""
        return f"account-{self}"


class InstanceEvent(StrEnum):
    """What whoever runs the site does to the site as a whole, by the word its record holds."""

    MAIL_TRIED = "mail-try"

    @property
    def told(self) -> str:
        """Its name in the record and among mails to staff, where other subjects stand beside it."""
        return f"instance-{self}"


class TryKind(StrEnum):
    """What somebody can try to guess, or cause again and again; each is counted by itself."""

    SIGN_IN = "sign-in"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105 -- the word, not one
    RESET = "reset"


class LinkKind(StrEnum):
    """What a link mailed to the holder of an account is for."""

    RESET = "reset"
    ADDRESS_OF_BEFORE = "address-before"
    NEW_ADDRESS = "address-new"
