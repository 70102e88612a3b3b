"""Who receives a signature, and with which consents: the coalition table, exact, from Proca.

The form, the signing act and the console's "who gets what" all ask this one function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message

MOST_FURTHER = 2
FURTHER_FIELD = "opt_in_"
_FURTHER = "+"  # begins no name of an org


class Receiver(str):
    """An org in its part on a page: the page's own, the campaign's lead, or a further one by its name."""

    __slots__ = ()
    COLLECTOR: ClassVar["Receiver"]
    LEAD: ClassVar["Receiver"]

    @classmethod
    def further(cls, org: str) -> "Receiver":
        """The further org of that name."""
        return cls(f"{_FURTHER}{org}")

    @property
    def field(self) -> str:
        """The form field that asks for this org's consent."""
        return _FIELDS.get(self) or f"{FURTHER_FIELD}{self.removeprefix(_FURTHER)}"


Receiver.COLLECTOR, Receiver.LEAD = Receiver("collector"), Receiver("lead")
_FIELDS = {Receiver.COLLECTOR: "opt_in", Receiver.LEAD: "lead_opt_in"}
_FIRST_TWO = (Receiver.COLLECTOR, Receiver.LEAD)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the supporter answered, per org: yes, no, or None where the question was not asked."""

    opt_in: bool | None
    lead_opt_in: bool | None
    further: Mapping[Receiver, bool | None] = field(default_factory=dict)

    def to(self, receiver: Receiver) -> bool | None:
        """The answer to one org's question."""
        if receiver == Receiver.COLLECTOR:
            return self.opt_in
        return self.lead_opt_in if receiver == Receiver.LEAD else self.further.get(receiver)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A page's policy: whether lead and collector differ, the two delivery switches, and further orgs in order."""

    split: bool
    delivery: bool
    force_delivery: bool
    further: tuple[Receiver, ...] = ()

    def always(self) -> tuple[Receiver, ...]:
        """Who gets a copy of every signature; each needs an active key, or the page refuses."""
        if not self.split:
            return (Receiver.COLLECTOR,)
        if not self.delivery:
            return (Receiver.LEAD,)
        return _FIRST_TWO if self.force_delivery else (Receiver.COLLECTOR,)

    def by_consent(self) -> tuple[Receiver, ...]:
        """Who gets a copy only of those who opted in to that org."""
        always = self.always()
        return tuple(receiver for receiver in self.asks() if receiver not in always)

    def asks(self) -> tuple[Receiver, ...]:
        """Whose consent question the form shows."""
        return ((*_FIRST_TWO,) if self.split else (Receiver.COLLECTOR,)) + self.further


@dataclass(frozen=True, slots=True)
class Share:
    """One copy to be made: for whom, for delivery of the petition, and with which communication consent."""

    receiver: Receiver
    deliver: bool
    opt_in: bool | None


def shares(distribution: Distribution, consent: Consent) -> tuple[Share, ...]:
    """The copies of one signature, collector first. Who receives only by consent and was not given it gets none."""
    always = distribution.always()
    copies = []
    for receiver in distribution.asks():
        given = consent.to(receiver)
        if receiver in always:
            copies.append(Share(receiver, True, given))
        elif given:
            copies.append(Share(receiver, False, True))
    return tuple(copies)


def read_consent(form: Mapping[str, str], asked: tuple[Receiver, ...]) -> Consent:
    """The answers as typed: yes, no or absent (not given). Raises FieldsRefused for anything else."""
    answers: dict[Receiver, bool | None] = {}
    faults = {}
    for receiver in asked:
        typed = form.get(receiver.field, "")
        if typed not in ("yes", "no", ""):
            faults[receiver.field] = Message(N_("Please answer yes or no."))
        answers[receiver] = typed == "yes"
    if faults:
        raise FieldsRefused(faults)
    return Consent(answers.pop(Receiver.COLLECTOR, None), answers.pop(Receiver.LEAD, None), answers)
