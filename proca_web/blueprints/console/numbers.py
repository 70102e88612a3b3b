"""A campaign's numbers: the page, the part of it that renews itself, and the same as a file. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale
from flask import Blueprint, Response, current_app, g, request

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.mail import routes
from proca_web.domain.rights import Right
from proca_web.domain.rows import formula
from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.transient import State
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions import mail_delay
from proca_web.services.petitions.making import places
from proca_web.services.petitions.numbers import as_rows, statistics
from proca_web.services.petitions.numbers.statistics import DAYS, Statistics
from proca_web.web import presentation
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.htmx import wants_fragment

bp = Blueprint("numbers", __name__, url_prefix="/console")


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers that were asked for, and of what."""

    campaign: Campaign
    pages: list[ActionPage]
    page: str
    days: int
    numbers: Statistics


@bp.get("/<org>/campaigns/<campaign>/numbers")
@needs(Right.NUMBERS)
def index(org: str, campaign: str) -> Response:
    """How many did what, when and from where."""
    found = _found(campaign)
    template = "console/numbers/_numbers.html" if wants_fragment() else "console/numbers/index.html"
    names = Locale.parse(presentation.language(), sep="-").territories
    shown = {"pages": found.pages, "page": found.page, "days": found.days, "choices": DAYS, "numbers": found.numbers}
    answer = campaign_frame.page(template, found.campaign, {**shown, "country_names": names})
    answer.vary.add("HX-Request")
    return answer


@bp.get("/<org>/campaigns/<campaign>/numbers.csv")
@needs(Right.NUMBERS)
def as_csv(org: str, campaign: str) -> Response:
    """The same for a spreadsheet."""
    found = _found(campaign)
    answer = Response("".join(_lines(found.numbers)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.campaign.name}-numbers.csv"'
    return answer


def _found(campaign: str) -> Found:
    """Raises CampaignNotFound, PageNotFound."""
    page, days = request.args.get("page", ""), request.args.get("days", "")
    chosen = next((each for each in DAYS if str(each) == days), DAYS[0])
    with reading() as session:
        now, of_campaign = clock.now(), places.campaign_of(session, g.org.id, campaign)
        pages = statistics.pages_of(session, of_campaign, g.org)
        asked = statistics.chosen(pages, page)
        delays = mail_delay.of(session, State.TO_SEND, now, routes.own(current_app))
        numbers = statistics.of(session, of_campaign, asked, chosen, now, zone=g.org.time_zone, delay_of=delays.of)
    return Found(of_campaign, pages, page, chosen, numbers)


def _lines(numbers: Statistics) -> Iterator[str]:
    for row in as_rows.of(numbers):
        yield csv_line(formula.guard(row))
