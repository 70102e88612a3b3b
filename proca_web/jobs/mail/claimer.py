"""Takes mails of one transport that are due from the database, a few ahead of the senders, and writes their letters.

Nothing is claimed but over an open connection. Thank-yous take their turn beside confirmations; mails to staff, which
are few, go first over the instance's mail server.
"""

from collections.abc import Iterator
from typing import TypeVar

from flask import Flask
from sqlalchemy.orm import Session

from proca_web.adapters import clock, notices
from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.adapters.mail import examples, routes
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.letters import Mail
from proca_web.domain.transient import State
from proca_web.jobs.mail.hand import Held
from proca_web.jobs.mail.post import Post
from proca_web.services.petitions import transports
from proca_web.services.petitions.making import mail_pages
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.services.signatures import mailing
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff import outbox
from proca_web.services.staff.outbox import DueNotice

PAGE_SECONDS = 2.0
CLOCK_SECONDS = 10.0
NOTICES_SECONDS = 1.0
MOST_NOTICES = 10
# So many rounds of mails that are not to go (an address signed with a thousand times) before the others leave.
MOST_LOOKS = 20
T = TypeVar("T")


class Claimer:
    """Looks for mails that are due. Inside the app's context."""

    def __init__(self, app: Flask, post: Post, org: str = "") -> None:
        self._app = app
        self._post = post
        self._org = org
        self._names = [org]
        self._forms = Forms(app, org)
        self._pages: dict[int, tuple[PageOfMail, float]] = {}
        self._clock_until = self._notices_at = self._names_until = float("-inf")
        self._is_clock_right = self._is_dry = False

    def refresh(self) -> None:
        """What may have changed since the last look is read again."""
        self._clock_until = self._notices_at = self._names_until = float("-inf")
        self._pages = {number: (page, float("-inf")) for number, (page, _) in self._pages.items()}

    def due(self) -> int:
        """How many mails are due, no further than there may be connections; none where this host's clock is wrong."""
        most = self._post.governor.connections(clock.monotonic())
        if not most or not self._may_send():
            return 0
        with reading() as session:
            mails = mailing.number_due(session, clock.now(), most, self._served(session))
            return mails + outbox.is_due(session, clock.now(), self._org, routes.own(self._app))

    def _number_due(self) -> int:
        with reading() as session:
            return mailing.number_due(session, clock.now(), 1)

    def claim(self) -> int:
        """Claim as many as should lie ready; how many it were."""
        most = min(self._post.wants(), mailing.BATCH)
        if most < 1 or not self._post.crew.working() or not self._may_send():
            return 0
        if self._is_dry and not self.due():
            return 0
        number = self._claim_notices()
        mails = self._claim_mails(most)
        for _ in range(MOST_LOOKS):  # what was claimed and is not to go made room
            if len(mails) >= most or not self._number_due():
                break
            mails += self._claim_mails(most - len(mails))
        self._is_dry = len(mails) < most
        self._post.add(filter(None, map(self._ready, mails)))
        return number + len(mails)

    def _claim_mails(self, most: int) -> list[DueMail]:
        """Both kinds by turns; where there are few of one, more of the other. Reminders come after them."""
        kinds: dict[State, list[DueMail]] = {state: [] for state in transports.TO_MAIL}
        lost = rest = 0
        with writing() as session:
            ring, now, served = keyring_of(self._app), clock.now(), self._served(session)
            wells = [(state, name) for name in served for state in (State.TO_SEND, State.THANKS_TO_SEND)]
            wells.append(wells[0])
            wells += [(State.WAITING, name) for name in served]
            fair = len(wells) - len(served)
            for at, (state, name) in enumerate(wells):
                rest = most - sum(map(len, kinds.values()))
                share = -(-rest // max(fair - at - 1, 1))
                found, unopened = mailing.claim(session, ring, state, now, share, name) if rest else ([], [])
                kinds[state] += found
                lost += len(unopened)
        if lost:
            self._app.logger.critical("mail: the keyring does not open %s waiting addresses", lost)
        return [*_in_turns(kinds[State.TO_SEND], kinds[State.THANKS_TO_SEND]), *kinds[State.WAITING]]

    def _served(self, session: Session) -> list[str]:
        """The names in rows that stand for this mail server; those that are set up no more are the instance's."""
        if not self._org and clock.monotonic() >= self._names_until:
            names = transports.by_instance(session, routes.own(self._app))
            if new := [name for name in names if name not in self._names]:
                self._app.logger.warning("mail of %s leaves by the instance's mail server: no other is set", new)
            self._names, self._names_until = names, clock.monotonic() + PAGE_SECONDS
        return self._names

    def _may_send(self) -> bool:
        if clock.monotonic() >= self._clock_until:
            self._is_clock_right = clock.is_right(self._app)
            self._clock_until = clock.monotonic() + CLOCK_SECONDS
        return self._is_clock_right

    def _ready(self, due: DueMail | DueNotice) -> Held | None:
        """The mail with its letter; what no letter can be made for is set aside, and the others leave."""
        held = Held(due, None, clock.monotonic())
        try:
            held.mail = self._letter(due)
        except Exception as error:
            self._post.cannot_write(held, type(error).__name__)
            return None
        return held

    def _letter(self, due: DueMail | DueNotice) -> Mail:
        if isinstance(due, DueNotice) and due.is_test:
            page = self._page(int(due.detail["page"]))
            return examples.test(self._forms, self._app, page, due, clock.now())
        if isinstance(due, DueNotice):
            return notices.write(self._app, due).as_mail()
        return self._forms.write(due, self._page(due.page_id), clock.now().timestamp())

    def _page(self, page_id: int) -> PageOfMail:
        """What is said about the page, read again after two seconds."""
        known, until = self._pages.get(page_id, (None, 0.0))
        if known is None or clock.monotonic() >= until:
            with reading() as session:
                known = mail_pages.page_of(session, page_id)
            self._pages[page_id] = (known, clock.monotonic() + PAGE_SECONDS)
        return known

    def _claim_notices(self) -> int:
        """Mails to staff: they stand at the head of the line. While many others leave, looked for once a second."""
        if not self._is_dry and clock.monotonic() < self._notices_at:
            return 0
        self._notices_at = clock.monotonic() + NOTICES_SECONDS
        found: list[DueNotice] = []
        by = (self._org, routes.own(self._app))
        while len(found) < MOST_NOTICES:
            with reading() as session:
                if not outbox.is_due(session, clock.now(), *by):
                    break
            with writing() as session:
                notice = outbox.claim(session, clock.now(), *by)
            found += [notice] if notice is not None else []
        self._post.add(filter(None, map(self._ready, found)), first=True)
        return len(found)


def _in_turns(first: list[T], second: list[T]) -> Iterator[T]:
    """One of these, one of those, then what is left."""
    for pair in zip(first, second, strict=False):
        yield from pair
    both = min(len(first), len(second))
    yield from first[both:]
    yield from second[both:]
