"""Reports become acts: each names its action by a code or an id of ours, and is a transaction of its own.

Between two of them anything may end: the same reports again do what is left, and change nothing else.
"""

from collections import Counter
from collections.abc import Iterable

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.bounces import envelope
from proca_web.adapters.database import reading, writing
from proca_web.domain.bounce import Report
from proca_web.services.signatures import bouncing
from proca_web.services.signatures.bouncing import Effect


def take(app: Flask, reports: Iterable[Report]) -> Counter[Effect]:
    """Do what these reports ask for; how often each effect. What names no action of ours has none."""
    refs: set[bytes] = set()
    message_ids: set[bytes] = set()
    for report in reports:
        ref = next(filter(None, (envelope.action_ref_in(app, text) for text in report.named_in)), None)
        if ref is not None:
            refs.add(ref)
        else:
            message_ids |= set(filter(None, map(envelope.message_id_in, report.named_in)))
    if not refs and not message_ids:
        return Counter()
    with reading() as session:
        actions = bouncing.find(session, refs, message_ids, clock.now())
    return Counter(_act(action) for action in actions)


def _act(action: int) -> Effect:
    with writing() as session:
        return bouncing.bounced(session, action, clock.now())
