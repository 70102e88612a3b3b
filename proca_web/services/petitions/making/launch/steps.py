"""The launch list of a page, in three grades: what stops it, what going live asks for, and what makes it better.

What stops is asked where signing asks (`showing.standing`): a live page with an unmet want goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.messages import Message
from proca_web.domain.pages.stops import Stop
from proca_web.domain.words import CommentPolicy, KeyRole, Publication
from proca_web.models import ActionPage, Org
from proca_web.services.keys import recipients
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making.launch import ticks, words
from proca_web.services.petitions.making.launch.words import Grade, Standing
from proca_web.services.petitions.showing.standing import Look
from proca_web.services.sealing.vouching import Vouching

KEY_SOON, CLOSING_SOON = timedelta(days=30), timedelta(days=7)
MOST_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list: whose business it is, how it stands, and the endpoint that cures it."""

    what: str
    org: Org
    grade: Grade
    state: Standing
    title: Message
    said: Message
    cure: str
    deed: Message

    @property
    def is_missing(self) -> bool:
        """Whether it keeps a page from going live."""
        return self.state is Standing.MISSING


def of_page(session: Session, page: ActionPage, look: Look, vouching: Vouching | None) -> list[Step]:
    """The whole list: in each grade what is missing comes first."""
    stops = look.stops(page)
    steps = [
        *_stops(session, page, stops, look, vouching),
        *_wants(session, page, look),
        *_advice(session, page, look, vouching),
    ]
    return sorted(steps, key=lambda step: (list(Grade).index(step.grade), step.state is Standing.DONE))


def missing(steps: Sequence[Step]) -> list[Step]:
    """What keeps a page from going live."""
    return [step for step in steps if step.is_missing]


def _stops(
    session: Session, page: ActionPage, stops: Sequence[Stop], look: Look, vouching: Vouching | None
) -> Iterator[Step]:
    """Missing exactly where signing is stopped; that a page is a draft is what going live cures."""
    campaign, is_draft = page.campaign, page.status == Publication.DRAFT
    is_begun = campaign.status != Publication.DRAFT or (is_draft and campaign.org_id == page.org_id)
    rests = not {Publication.PAUSED, Publication.CLOSED}.isdisjoint((campaign.status, page.status))
    if rests or not (is_draft and is_begun):
        yield _step("open", page.org, done=is_begun and not rests)
    for receiver in wordings.distribution_of(page).always():
        org = wordings.orgs_of(page)[receiver]
        key = recipients.key_of(session, org, vouching, look.now)
        is_near = key is not None and key.expires_at is not None and key.expires_at - look.now < KEY_SOON
        yield _step("key", org, done=key is not None, soon="key" if is_near else "")
    is_near = campaign.closes_at is not None and campaign.closes_at - look.now < CLOSING_SOON
    soon = "planned" if Stop.PLANNED in stops else "dates" if is_near else ""
    is_over = campaign.closes_at is not None and campaign.closes_at <= look.now
    yield _step("dates", campaign.lead, done=not is_over, soon=soon)
    if page.double_opt_in:
        yield _step("mail", page.org, done=Stop.LATE_MAIL not in stops)


def _wants(session: Session, page: ActionPage, look: Look) -> Iterator[Step]:
    orgs = list(wordings.orgs_of(page).values())
    for org in orgs:
        yield _step("notice", org, done=wordings.notice_of(org).is_complete)
    yield _step("texts", page.org, done=all((page.title, page.addressee, page.demand, page.body)))
    if page.hero_id is not None:
        yield _step("alt", page.org, done=bool(page.hero_alt))
    seen = ticks.standing(session, page, LaunchTick.MAILS_SEEN, page.org_id)
    yield _step("mails", page.org, done=seen is not None)
    for org in (org for org in orgs if org.id in look.receiving):  # without a key it gets nothing to open
        yield _step("test", org, done=ticks.standing(session, page, LaunchTick.TEST_OPENED, org.id) is not None)
    for org in orgs:
        if org.id != page.org_id:  # its own org says yes by letting it go live
            yield _step("yes", org, done=ticks.standing(session, page, LaunchTick.APPROVED, org.id) is not None)


def _advice(session: Session, page: ActionPage, look: Look, vouching: Vouching | None) -> Iterator[Step]:
    recovery = recipients.key_of(session, page.org, vouching, look.now, KeyRole.RECOVERY)
    number = len(page.fields) + (page.comment != CommentPolicy.OFF)
    yield _step("recovery", page.org, done=recovery is not None)
    yield _step("picture", page.org, done=page.hero_id is not None)
    yield _step("share", page.org, done=any(page.share_texts.values()))
    yield _step("fields", page.org, done=number <= MOST_FIELDS, number=number)


def _step(what: str, org: Org, *, done: bool, soon: str = "", number: int = 0) -> Step:
    said = words.OF[what]
    values: dict[str, str | int] = {"org": org.title, "number": number}
    lacking = Standing.ADVICE if said.grade is Grade.ADVICE else Standing.MISSING
    state = lacking if not done else Standing.SOON if soon else Standing.DONE
    text = said.lacks if not done else words.SOON[soon] if soon else said.done
    deed = said.deed if state is not Standing.DONE else ""
    return Step(
        what,
        org,
        said.grade,
        state,
        Message(said.title, values),
        Message(text, values),
        said.cure,
        Message(deed, values),
    )
