"""Who receives a signature, and with which consents: the coalition table, exact, from Proca.

The form, the signing act and the console's "who gets what" all ask this one function.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message


class Receiver(StrEnum):
    """The two orgs a signature may go to: the page's own, and the campaign's lead."""

    COLLECTOR = "collector"
    LEAD = "lead"


CONSENT_FIELDS = {Receiver.COLLECTOR: "opt_in", Receiver.LEAD: "lead_opt_in"}


@dataclass(frozen=True, slots=True)
class Consent:
    """What the supporter answered, per org: yes, no, or None where the question was not asked."""

    opt_in: bool | None
    lead_opt_in: bool | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """A page's policy: whether lead and collector differ, and the two delivery switches."""

    split: bool
    delivery: bool
    force_delivery: bool

    def always(self) -> tuple[Receiver, ...]:
        """Who gets a copy of every signature; each needs an active key, or the page refuses."""
        if not self.split:
            return (Receiver.COLLECTOR,)
        if not self.delivery:
            return (Receiver.LEAD,)
        return (Receiver.COLLECTOR, Receiver.LEAD) if self.force_delivery else (Receiver.COLLECTOR,)

    def by_consent(self) -> tuple[Receiver, ...]:
        """Who gets a copy only of those who opted in to that org."""
        if not self.split:
            return ()
        return tuple(receiver for receiver in Receiver if receiver not in self.always())

    def asks(self) -> tuple[Receiver, ...]:
        """Whose consent question the form shows."""
        return tuple(Receiver) if self.split else (Receiver.COLLECTOR,)


@dataclass(frozen=True, slots=True)
class Share:
    """One copy to be made: for whom, for delivery of the petition, and with which communication consent."""

    receiver: Receiver
    deliver: bool
    opt_in: bool | None


def _place(share: Share) -> int:
    return 0 if share.receiver is Receiver.COLLECTOR else 1


def shares(distribution: Distribution, consent: Consent) -> tuple[Share, ...]:
    """The copies of one signature, collector first. Who receives only by consent and was not given it gets none."""
    given = {Receiver.COLLECTOR: consent.opt_in, Receiver.LEAD: consent.lead_opt_in}
    copies = [Share(receiver, True, given[receiver]) for receiver in distribution.always()]
    copies += [Share(receiver, False, True) for receiver in distribution.by_consent() if given[receiver]]
    return tuple(sorted(copies, key=_place))


def read_consent(form: Mapping[str, str], asked: tuple[Receiver, ...]) -> Consent:
    """`opt_in` and `lead_opt_in` as typed: yes, no or absent (not given). Raises FieldsRefused for anything else."""
    answers: dict[Receiver, bool | None] = dict.fromkeys(Receiver)
    faults = {}
    for receiver in asked:
        field = CONSENT_FIELDS[receiver]
        typed = form.get(field, "")
        if typed not in ("yes", "no", ""):
            faults[field] = Message(N_("Please answer yes or no."))
        answers[receiver] = typed == "yes"
    if faults:
        raise FieldsRefused(faults)
    return Consent(answers[Receiver.COLLECTOR], answers[Receiver.LEAD])
