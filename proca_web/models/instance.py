"""What belongs to the instance as a whole: which one it is, signs of life of its processes, what its relays took."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from proca_web.models.base import Base


class Instance(Base):
    """The one row that says which instance this database belongs to (protocol 7)."""

    __tablename__ = "instance"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("length(instance_id) = 16", name="instance_id_length"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instance_id: Mapped[bytes] = mapped_column(comment="16 random bytes; the keyring's guard names it too")
    aged_at: Mapped[datetime] = mapped_column(comment="how far housekeeping by age has come; never leaps ahead")
    senders_end_at: Mapped[datetime | None] = mapped_column(comment="when all senders were last asked to end")
    banner: Mapped[str] = mapped_column(default="", server_default="", comment="shown on every page; empty: none")


class Heartbeat(Base):
    """When a kind of process was last seen alive."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class Relay(Base):
    """When a mail transport last took a mail: an answer to one row counts only while it takes others."""

    __tablename__ = "relays"

    name: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]


class Sends(Base):
    """How many mails ended how, since ever; never about a person: rare domains are all `other`."""

    __tablename__ = "sends"

    transport: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True, comment="one of a few large receivers, else other")
    result: Mapped[str] = mapped_column(primary_key=True)
    mails: Mapped[int] = mapped_column(default=0, server_default="0")


class MailConnections(Base):
    """How many connections to a mail transport a worker process has open."""

    __tablename__ = "mail_connections"

    transport: Mapped[str] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    seen_at: Mapped[datetime]


class StandingAlarm(Base):
    """One alarm of a kind: since when, when it was last raised, and its sentence for people."""

    __tablename__ = "alarms"

    kind: Mapped[str] = mapped_column(primary_key=True)
    sentence: Mapped[str]
    since: Mapped[datetime]
    raised_at: Mapped[datetime]


class Fault(Base):
    """Something that was set aside so that the rest goes on, and why; shown by `check`, never about a person."""

    __tablename__ = "faults"

    name: Mapped[str] = mapped_column(primary_key=True, comment="what was set aside; never about a person")
    reason: Mapped[str] = mapped_column(comment="the kind of error, without its text")
    seen_at: Mapped[datetime]


class MailDomain(Base):
    """A From domain: what the name server said of it, and what the last mail that came back showed. No address."""

    __tablename__ = "mail_domains"

    domain: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(default="", server_default="", comment="the senders that the answer is about")
    wanted_at: Mapped[datetime | None] = mapped_column(comment="when somebody asked to look again")
    tried_at: Mapped[datetime | None] = mapped_column(comment="when the name server was last asked")
    reason: Mapped[str] = mapped_column(default="", server_default="", comment="why that gave nothing; empty: it did")
    asked_at: Mapped[datetime | None] = mapped_column(comment="when the findings are of")
    findings: Mapped[str] = mapped_column(default="[]", server_default="[]", comment="JSON")
    received_at: Mapped[datetime | None] = mapped_column(comment="when a mail that came back was last judged")
    received: Mapped[str] = mapped_column(default="[]", server_default="[]", comment="JSON: what it showed")
