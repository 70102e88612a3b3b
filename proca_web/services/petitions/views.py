"""Everything an action page shows, read at once. The route renders it and keeps the result for a moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.domain.pages.goals import goal_of
from proca_web.domain.pages.privacy import FURTHER_FIELD, Receiver
from proca_web.domain.pages.wording import LegalNotice, Wording
from proca_web.domain.words import KeyRole
from proca_web.models import ActionPage, Campaign, ConsentText, Elsewhere, Org
from proca_web.services.petitions import facts, wordings
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.petitions.showing import standing, story
from proca_web.services.petitions.showing.story import Story
from proca_web.services.sealing.vouching import Vouching


@dataclass(frozen=True, slots=True)
class Count:
    """The public counter of a campaign."""

    count: int
    unconfirmed: int
    goal: int
    updated_at: datetime
    elsewhere: int = 0

    @property
    def confirmed(self) -> int:
        """How many have confirmed by mail; the others signed where nobody is asked to."""
        return self.count - self.unconfirmed

    @property
    def is_reached(self) -> bool:
        """Whether as many have signed as were hoped for."""
        return self.count >= self.goal


@dataclass(frozen=True, slots=True)
class Reader:
    """An org that can read a signature, and the fingerprint of the key its copy is sealed to."""

    title: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as people see it."""

    facts: PageFacts
    story: Story
    count: Count
    wording: Wording
    notices: Sequence[LegalNotice]
    next_step_label: str
    next_step_url: str
    opens_at: datetime | None

    @property
    def org_title(self) -> str:
        """Who asks for signatures here."""
        return self.facts.parties[Receiver.COLLECTOR].title

    @property
    def wording_hash(self) -> str:
        """Names the wording; the form sends it along."""
        return self.facts.wording

    @property
    def readers(self) -> list[Reader]:
        """The orgs that get a copy of every signature."""
        return self._who_reads(self.facts.distribution.always())

    @property
    def readers_if_asked(self) -> list[Reader]:
        """The orgs that get a copy only of who says yes to them."""
        return self._who_reads(self.facts.distribution.by_consent())

    @property
    def names(self) -> list[str]:
        """The orgs and the title that the wording speaks of."""
        return [self.facts.title, *(party.title for party in self.facts.parties.values())]

    def _who_reads(self, receivers: Sequence[Receiver]) -> list[Reader]:
        return [
            Reader(self.facts.parties[receiver].title, key.fingerprint)
            for receiver in receivers
            for key in self.facts.parties[receiver].keys
            if key.role == KeyRole.RECIPIENT
        ]


@dataclass(frozen=True, slots=True)
class Answered:
    """A box of a wording and what was answered; None: nothing is known of an answer."""

    text: str
    answer: bool | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """A wording as somebody agreed to it."""

    statement: str
    boxes: Sequence[Answered]
    notices: Sequence[str]
    names: Sequence[str]
    locale: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A live petition in the list of the instance."""

    slug: str
    title: str
    demand: str
    org: str
    count: Count


def read(session: Session, slug: str, vouching: Vouching, now: datetime) -> PageView:
    """The page at that address. Raises PageNotFound."""
    return of(session, facts.read(session, slug, vouching, now), now)


def of(session: Session, page_facts: PageFacts, now: datetime) -> PageView:
    """What a page with these facts shows: nothing that they decide is read a second time."""
    page = session.get_one(ActionPage, page_facts.id)
    return PageView(
        facts=page_facts,
        story=(told := story.read(session, page, now)),
        count=count_of(page.campaign, told.collected_elsewhere),
        wording=_wording(session, page_facts),
        notices=[wordings.notice_of(session.get_one(Org, id_)) for id_ in _orgs(page_facts)],
        next_step_label=page.next_step_label,
        next_step_url=page.next_step_url,
        opens_at=page.campaign.opens_at,
    )


def count(session: Session, slug: str) -> Count | None:
    """The counter of the page's campaign; None for a page that does not exist."""
    query = select(Campaign).join(ActionPage, ActionPage.campaign_id == Campaign.id).where(ActionPage.slug == slug)
    campaign = session.scalars(query).first()
    if campaign is None:
        return None
    summed = select(func.coalesce(func.sum(Elsewhere.number), 0)).where(Elsewhere.campaign_id == campaign.id)
    return count_of(campaign, int(session.scalar(summed) or 0))


def live(
    session: Session, vouching: Vouching, now: datetime, *, mail_is_stalled: Callable[[str], bool]
) -> list[Listed]:
    """The petitions that can be signed now, the newest first; without those that mail a link which would not leave.

    `mail_is_stalled`: whether the mails of an org are.
    """
    look = standing.look(session, vouching, now, mail_is_stalled)
    query = (
        select(ActionPage)
        .join(Campaign, Campaign.id == ActionPage.campaign_id)
        .where(*standing.open_at(now))
        .order_by(ActionPage.id.desc())
    )
    return [
        Listed(
            slug=page.slug,
            title=page.title,
            demand=page.demand,
            org=page.org.title,
            count=count_of(page.campaign),
        )
        for page in session.scalars(query)
        if not look.stops(page)
    ]


def agreed(session: Session, wording_hash: str, answers: Mapping[str, bool | None]) -> Agreed | None:
    """A wording that was shown, each box with the answer to it; None for one that never was ours."""
    text = session.scalars(select(ConsentText).where(ConsentText.hash == wording_hash).limit(1)).first()
    if text is None:
        return None
    whole, page = Wording.loads(text.parts), session.get_one(ActionPage, text.action_page_id)
    names = [page.title, *(org.title for org in wordings.orgs_of(page).values())]
    # A further org gets a copy only of who said yes: where it holds none, also of a page it left, it was no.
    unknown = {box.field: False for box in whole.boxes if box.field.startswith(FURTHER_FIELD)}
    boxes = [Answered(box.text, (unknown | dict(answers)).get(box.field)) for box in whole.boxes]
    return Agreed(whole.statement, boxes, whole.notices, names, text.locale)


def locale_of(session: Session, page_id: int) -> str:
    """The language of a page."""
    return session.scalars(select(ActionPage.locale).where(ActionPage.id == page_id)).one()


def answers_of(page_facts: PageFacts, opt_in: Mapping[str, bool | None]) -> dict[str, bool | None]:
    """What somebody said to each box, by what the copies of the orgs say; where there is no copy it was no."""
    holding = {Receiver.further(org).field: answer for org, answer in opt_in.items()}  # also one that left the page
    return holding | {receiver.field: opt_in.get(party.name, False) for receiver, party in page_facts.parties.items()}


def count_of(campaign: Campaign, elsewhere: int = 0) -> Count:
    """A campaign's counter, towards the goal that was set or the next one above; `elsewhere` is never part of it."""
    count = campaign.supporter_count
    goal = goal_of(campaign.goal, count)
    return Count(count, campaign.unconfirmed_count, goal, campaign.counted_at, elsewhere)


def _wording(session: Session, page_facts: PageFacts) -> Wording:
    """The wording these facts name, also when another has replaced it since; only boxes of orgs that can receive."""
    named = (ConsentText.action_page_id == page_facts.id, ConsentText.hash == page_facts.wording)
    parts = session.scalars(select(ConsentText.parts).where(*named).order_by(ConsentText.id.desc()).limit(1)).first()
    if parts is None:
        return Wording("", (), ())
    asked = {receiver.field for receiver in page_facts.asks}
    whole = Wording.loads(parts)
    return Wording(whole.statement, tuple(box for box in whole.boxes if box.field in asked), whole.notices)


def _orgs(page_facts: PageFacts) -> list[int]:
    """All orgs that may receive here: the page's own, the campaign's lead where that is another, and further ones."""
    return list(dict.fromkeys(party.id for party in page_facts.parties.values()))
