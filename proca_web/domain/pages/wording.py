"""What a form says before the button: who receives the signature and why, the consent questions, the legal notices.

One value, shown by the form and kept word for word; its hash goes into every copy, so that anyone can look up what a
supporter agreed to. The hash is the SHA-256 of the body as served, so that no tool of ours is needed to check it.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from proca_web.domain.messages import N_
from proca_web.domain.pages.privacy import Receiver

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LegalNotice:
    """What an org must say about itself: legal name, contact, privacy link, and how long it keeps data."""

    title: str
    legal_name: str
    contact: str
    privacy_url: str
    retention: str

    @property
    def is_complete(self) -> bool:
        """A page whose orgs lack any of it cannot go live."""
        return all((self.legal_name, self.contact, self.privacy_url, self.retention))


@dataclass(frozen=True, slots=True)
class Box:
    """One consent question: its form field, its org and its exact words."""

    field: str
    org: str
    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything a supporter reads about their data before signing, in one language."""

    statement: str
    boxes: tuple[Box, ...]
    notices: tuple[str, ...]

    @property
    def body(self) -> str:
        """The text kept and served at /consent/<hash>.txt."""
        boxes = [f"[ ] {box.text}" for box in self.boxes]
        return "\n\n".join((self.statement, *boxes, *self.notices)) + "\n"

    @property
    def hash(self) -> str:
        """SHA-256 of the body, base64url without padding."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.body.encode()).digest()).decode().rstrip("=")

    def dumps(self) -> str:
        """The parts as JSON, to be shown again exactly."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> "Wording":
        """The parts from JSON."""
        parts: dict[str, Any] = json.loads(text)
        boxes = tuple(Box(**box) for box in parts["boxes"])
        return cls(parts["statement"], boxes, tuple(parts["notices"]))


def compose(
    title: str,
    receives: Mapping[Receiver, LegalNotice],
    always: tuple[Receiver, ...],
    asks: tuple[Receiver, ...],
    translate: Translate,
    *,
    style: str = "box",
    questions: Mapping[str, str] | None = None,
) -> Wording:
    """The wording of a page: `receives` are the orgs that can get a copy, `always` those that get every one.

    `style` says how consent is asked: a box to tick says yes, a choice between yes and no needs a question.
    `questions` are the page's own words for them, by field; where they say %(org)s the org is named.
    """
    names = [notice.title for notice in receives.values()]
    certain = [receives[receiver].title for receiver in always if receiver in receives]
    statement = _statement(title, certain, translate)

    def question(receiver: Receiver, org: str) -> str:
        own = (questions or {}).get(receiver.field, "")
        return own.replace("%(org)s", org) if own else _question(org, style, translate)

    boxes = tuple(
        Box(receiver.field, receives[receiver].title, question(receiver, receives[receiver].title))
        for receiver in asks
        if receiver in receives
    )
    notices = [_notice(notice, translate) for notice in receives.values()]
    if len(names) > 1:
        joint = translate(N_("%(orgs)s run this petition together. You can turn to each of them with any question."))
        notices.append(joint % {"orgs": listed(names, translate)})
    return Wording(statement, boxes, tuple(notices))


def _statement(title: str, certain: list[str], translate: Translate) -> str:
    sentence = translate(
        N_(
            "By signing “%(title)s” I ask %(orgs)s to count my name among its supporters. My signature shows a "
            "political opinion; I agree that %(orgs)s uses what I write here for this petition and for nothing else."
        )
    )
    return sentence % {"title": title, "orgs": listed(certain, translate)}


def listed(names: Sequence[str], translate: Translate) -> str:
    """Names one after the other: "A", "A and B", "A, B and C"."""
    first = ", ".join(names[:-1])
    return translate(N_(" and ")).join((first, names[-1]) if first else names)


def _question(org: str, style: str, translate: Translate) -> str:
    if style == "choice":
        text = N_("May %(org)s also keep you informed by e-mail? You can stop this at any time.")
    else:
        text = N_("Yes, %(org)s may also keep me informed by e-mail. I can stop this at any time.")
    return translate(text) % {"org": org}


def _notice(notice: LegalNotice, translate: Translate) -> str:
    sentence = translate(N_("%(title)s: %(legal_name)s, %(contact)s. %(retention)s Privacy policy: %(privacy_url)s"))
    return sentence % asdict(notice)
