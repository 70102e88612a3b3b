"""A submission that passed is sealed and stored, whichever page it came from. Has no routes."""

from datetime import datetime

from flask import current_app

from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.extensions import encryption, queue
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.signatures import signing
from proca_web.services.signatures.signing import Submission


def store(seen: PageFacts, submission: Submission, now: datetime) -> None:
    """Seal a copy for each org and store the signature; its mail leaves at once. Raises Unavailable, NoActiveKey."""
    keyring_of(current_app).require()
    waits, transports = waiting_of(current_app), current_app.extensions["proca_settings"].transports
    if encryption.source.heed(seen.senders_asked):
        waits.end()
    encryption.store(
        lambda sealing: signing.seal(sealing, waits, seen, submission, now, transports),
        signing.write,
        throwaway=signing.needs_throwaway(seen),
    )
    if seen.double_opt_in:
        queue.wake("mail")
