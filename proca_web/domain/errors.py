"""The named refusals of the product. Raised where known, turned into HTTP in one place; never say personal data."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from proca_web.domain.messages import N_, Message


class ProcaError(Exception):
    """Root of every refusal of the product."""


class FieldsRefused(ProcaError):
    """Some form fields do not pass; `faults` says which and why."""

    def __init__(self, faults: Mapping[str, Message]) -> None:
        super().__init__(", ".join(sorted(faults)))
        self.faults = dict(faults)


class WordingChanged(FieldsRefused):
    """The consent text the form showed was replaced too long ago, or was never ours."""

    def __init__(self) -> None:
        super().__init__({"wording": Message(N_("This text has changed. Please read it and send again."))})


class AddressDoubted(ProcaError):
    """The address looks mistyped: `meant` is asked about once. Neither is part of the text or repr."""

    def __init__(self, address: str, meant: str) -> None:
        super().__init__()
        self.address = address
        self.meant = meant


class StaffRefused(ProcaError):
    """Something about people, or their places in an org, cannot be done now; `message` says why and what to do."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text % values if values else text)
        self.message = Message(text, values)


class RightGone(StaffRefused):
    """Whoever asked may not do this any more, or not for that role."""


class InvitationOver(StaffRefused):
    """This invitation opens nothing; the message says why, and whom to ask."""


class CampaignRefused(ProcaError):
    """Something about a campaign or page cannot be done now; `message` says why and what to do."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text % values if values else text)
        self.message = Message(text, values)


class CampaignNotFound(ProcaError):
    """The org takes part in no campaign of this name."""


class PageNotFound(ProcaError):
    """No action page has this name."""


class NewsNotFound(ProcaError):
    """The pages an org may write on hold no such news."""


class PageNotOpen(ProcaError):
    """The page exists, but takes no signatures: a draft, planned, paused or closed; the text is which of these."""


class NotReady(ProcaError):
    """Something that a launch asks for is missing; the text names the steps."""

    def __init__(self, steps: Iterable[str]) -> None:
        super().__init__(", ".join(steps))


class NoActiveKey(ProcaError):
    """An org that always receives has no active key: nothing may be stored."""


class KeyringRefused(ProcaError):
    """This keyring does not belong to this instance."""


class CannotSealNow(ProcaError):
    """Three senders in a row could not seal this submission: nothing was stored."""


class RowRefused(ProcaError):
    """A constraint of the database does not hold: a nonce used before, a key row that is gone."""


class Unavailable(ProcaError):
    """Something this product stands on does not answer now: database, keyring. Nothing was done; later it will be.

    `what` names the fault for operators: a class, a code or a folder, never a value.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"not available just now: {what}")
        self.what = what


class MailStalled(ProcaError):
    """Mails leave hours late: a signature whose link comes that late is not taken."""


class DiskFull(Unavailable):
    """There is no room left to write to."""


class KeyringAway(Unavailable):
    """The keyring's folder is gone, full, or not this user's; `what` names the folder."""


class NoWorkerKey(Unavailable):
    """No worker host has a key that an address could be sealed to: nothing may be stored."""

    def __init__(self) -> None:
        super().__init__("no worker has started")


class TooManyTries(ProcaError):
    """Somebody tried too often in a row: not before `wait` is over; `is_known`: from where the account is used to."""

    def __init__(self, wait: timedelta, *, is_known: bool) -> None:
        super().__init__()
        self.wait = wait
        self.is_known = is_known


class AccountLinkOver(ProcaError):
    """A link that was mailed to the holder of an account opens nothing: too old, used, or replaced."""


class UnknownToken(ProcaError):
    """No signature is held under this link."""


class LinkCut(ProcaError):
    """A mailed link is too short to be whole: what it leads to may well be there."""


class CampaignKeyMissing(ProcaError):
    """The campaign has fingerprints but its key file is gone, or another: nobody can tell who has signed already."""

    def __init__(self, campaign_id: int) -> None:
        super().__init__(f"the keyring has no key for campaign {campaign_id}, or another one")
        self.campaign_id = campaign_id


class MailChanged(ProcaError):
    """A page's mails are not what they were when somebody began: nothing was saved over the words of another."""


class HomeCannotReceive(ProcaError):
    """The Home Org sends all personal data and receives none."""


class NameTaken(ProcaError):
    """Something of this kind already has this name."""


class BadSetting(ProcaError):
    """A value given to an operator command or the console cannot be used; the message says why."""


class GuardDamaged(ProcaError):
    """The keyring's memory of the key log cannot be read; the message says what to do."""


class KeyLogBroken(ProcaError):
    """The database's key log is not the one this instance wrote; the message says where they part."""


class KeyNotFound(ProcaError):
    """The org has no key with this number."""


class KeyAction(ProcaError):
    """The key's state does not allow this now; the message says why and what to do."""


class PasskeyRefused(ProcaError):
    """A passkey's answer is wrong, late, used already, or of no passkey that is known."""


class ProofRefused(ProcaError):
    """The answer is wrong, late, used already, or belongs to somebody else's challenge."""


class SecretGiven(ProcaError):
    """Something that looks like a secret was sent to the server, which must never see one."""


class PartnershipOver(ProcaError):
    """This invitation into a campaign opens nothing; the message says why, and whom to ask."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text % values if values else text)
        self.message = Message(text, values)
