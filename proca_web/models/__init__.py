"""Tables and constraints. A model knows no crypto, no mail and no session; what must always hold is a CHECK here."""

from proca_web.models.account import AccountLink, Device, Invitation, SignInTries, StaffSession
from proca_web.models.action import Action, Supporter, Transient
from proca_web.models.base import Base
from proca_web.models.campaign import ActionPage, Campaign, ConsentText, Count, PageReceiver, PageSlug
from proca_web.models.contact import Contact, ReleaseCounter
from proca_web.models.factor import FactorReset, Passkey, RecoveryCode, TotpFactor
from proca_web.models.instance import (
    Fault,
    Heartbeat,
    Instance,
    MailConnections,
    MailDomain,
    Relay,
    Sends,
    StandingAlarm,
)
from proca_web.models.keys import KeyChallenge, KeyChange, KeyLogEntry, PublicKey, WorkerKeyRow
from proca_web.models.making import FormDraft, MailText, OpeningCode, Partner, Tick
from proca_web.models.mark import Block, MailMark
from proca_web.models.org import Org, OrgTransport
from proca_web.models.outbox import OutboxMail
from proca_web.models.showing import Comment, Elsewhere, Image, News, Picture
from proca_web.models.user import AuditEntry, AuditHead, Membership, User

__all__ = [
    "AccountLink",
    "Action",
    "ActionPage",
    "AuditEntry",
    "AuditHead",
    "Base",
    "Block",
    "Campaign",
    "Comment",
    "ConsentText",
    "Contact",
    "Count",
    "Device",
    "Elsewhere",
    "FactorReset",
    "Fault",
    "FormDraft",
    "Heartbeat",
    "Image",
    "Instance",
    "Invitation",
    "KeyChallenge",
    "KeyChange",
    "KeyLogEntry",
    "MailConnections",
    "MailDomain",
    "MailMark",
    "MailText",
    "Membership",
    "News",
    "OpeningCode",
    "Org",
    "OrgTransport",
    "OutboxMail",
    "PageReceiver",
    "PageSlug",
    "Partner",
    "Passkey",
    "Picture",
    "PublicKey",
    "RecoveryCode",
    "Relay",
    "ReleaseCounter",
    "Sends",
    "SignInTries",
    "StaffSession",
    "StandingAlarm",
    "Supporter",
    "Tick",
    "TotpFactor",
    "Transient",
    "User",
    "WorkerKeyRow",
]
