"""Accept what needs no confirmation, then give every accepted copy its place in the exports."""

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.domain.errors import CampaignKeyMissing
from proca_web.domain.transient import Event
from proca_web.services.signatures import confirming, expiring, releasing

MOST_ROUNDS = 10_000


def release(app: Flask) -> None:
    """Accept what needs no confirmation, then give every accepted copy its place in the exports."""
    with app.app_context():
        _accept_unasked(app)
        for _ in range(MOST_ROUNDS):
            with reading() as session:
                if not releasing.is_due(session):
                    return
            with writing() as session:
                releasing.release(session, clock.now())


def _accept_unasked(app: Flask) -> None:
    keyring = keyring_of(app)
    tried: set[int] = set()
    for _ in range(MOST_ROUNDS):
        with reading() as session:
            found = expiring.unasked(session, keyring)
        fresh = [(signature, waiting) for signature, waiting in found if signature.action_id not in tried]
        if not fresh:
            return
        for signature, waiting in fresh:
            tried.add(signature.action_id)
            try:
                with writing() as session:
                    confirming.accept(session, keyring, signature, waiting, Event.ACCEPT, clock.now())
            except CampaignKeyMissing as error:
                app.logger.critical("accept: %s", error)
