"""What waits about somebody's second step: a reset that nobody objected to is carried out when its day has passed."""

from datetime import datetime

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.services.staff.second_factor import resets


def finish_resets(aged: datetime) -> None:
    """Take off what is due; ages count against `aged`."""
    with reading() as session:
        if not resets.is_any_due(session, aged):
            return
    with writing() as session:
        resets.finish_due(session, aged, clock.now())
