"""Fills an instance with real signatures: sealed by real senders, written by the real writer, many a transaction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bench.instance import PAGE, Instance
from proca_web.adapters.database import direct_write, reading, writing
from proca_web.adapters.keyring import waiting_of
from proca_web.crypto.boxes import transient_seal
from proca_web.domain.pages import tracking
from proca_web.domain.pages.privacy import Consent
from proca_web.domain.people.contact import ContactData
from proca_web.extensions import db, encryption
from proca_web.jobs import release
from proca_web.services.petitions import facts
from proca_web.services.signatures import signing
from proca_web.services.signatures.signing import Submission

A_TRANSACTION = 1000
_ARRIVAL = tracking.read_arrival({}, "", ())


def person(number: int) -> ContactData:
    """One of many people."""
    return ContactData(
        first_name="Zofia",
        last_name="Ślązak-Żółć",
        email=f"person{number}@example.org",
        phone="+48 22 555 01 23",
        country="PL",
        postcode="00-950",
        street="Aleje Jerozolimskie",
        locality="Warszawa",
    )


def add(made: Instance, number: int) -> list[bytes]:
    """Sign that many times; the tokens of their confirm links."""
    with made.app.app_context(), _tokens() as tokens:
        waits = waiting_of(made.app)
        with reading() as session:
            page = facts.read(session, PAGE, encryption.vouching, datetime.now(UTC))
        for start in range(0, number, A_TRANSACTION):
            drafts = []
            for each in range(start, min(start + A_TRANSACTION, number)):
                signed = Submission(person(each), Consent(True, True), {}, _ARRIVAL, page.wording)
                with encryption.submission() as sealing:
                    drafts.append(signing.seal(sealing, waits, page, signed, datetime.now(UTC)))
            with direct_write() as connection:
                for draft in drafts:
                    signing.write(connection, draft)
    return tokens


def accept_all(made: Instance) -> float:
    """Accept and release everything, without mail; the released rows a second."""
    with made.app.app_context():
        with writing() as session:
            now = datetime.now(UTC)
            session.execute(db.text("UPDATE transients SET state = 'thanks_to_send', link_seal = NULL"))
            session.execute(
                db.update(db.metadata.tables["actions"]).values(
                    status="accepted", accepted_at=now, email_status="double_opt_in"
                )
            )
            session.execute(db.text("DELETE FROM transients"))
            (number,) = session.execute(db.text("SELECT count(*) FROM actions")).one()
        start = time.perf_counter()
        release.release(made.app)
        return float(number) / (time.perf_counter() - start)


@contextmanager
def _tokens() -> Iterator[list[bytes]]:
    """Keeps the tokens that nobody but the mail would know."""
    made: list[bytes] = []
    original = transient_seal.new_token

    def remember() -> bytes:
        made.append(original())
        return made[-1]

    transient_seal.new_token = remember
    try:
        yield made
    finally:
        transient_seal.new_token = original
