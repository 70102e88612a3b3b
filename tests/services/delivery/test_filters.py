"""The filters of an export are read strictly: a default, a value, or a refusal that names field and cure."""

from datetime import UTC, datetime

import pytest

from proca_web.domain.words import KeyRole
from proca_web.services.delivery.filters import Filters, read_filters


def test_without_a_query_the_contracts_defaults_hold() -> None:
    assert read_filters({}) == Filters()
    assert Filters() == Filters(
        campaign=None,
        page=None,
        since=0,
        after=None,
        limit=None,
        only_opt_in=False,
        only_double_opt_in=False,
        include_testing=False,
        role=KeyRole.RECIPIENT,
    )


def test_every_filter_is_read() -> None:
    query = {
        "campaign": "trees",
        "page": "trees-partner",
        "since": "12",
        "after": "2026-01-31T12:00:00Z",
        "limit": "5",
        "only_opt_in": "true",
        "only_double_opt_in": "false",
        "include_testing": "true",
        "role": "recovery",
    }
    assert read_filters(query) == Filters(
        campaign="trees",
        page="trees-partner",
        since=12,
        after=datetime(2026, 1, 31, 12, tzinfo=UTC),
        limit=5,
        only_opt_in=True,
        only_double_opt_in=False,
        include_testing=True,
        role=KeyRole.RECOVERY,
    )


def test_an_empty_filter_is_none() -> None:
    assert read_filters(dict.fromkeys(("campaign", "since", "after", "limit", "only_opt_in", "role"), "")) == Filters()


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_utc(typed: str, moment: datetime) -> None:
    assert read_filters({"after": typed}).after == moment


@pytest.mark.parametrize(
    ("name", "typed", "cure"),
    [
        ("since", "-1", "a whole number"),
        ("since", "٣", "a whole number"),
        ("limit", "9" * 19, "a whole number"),
        ("after", "yesterday", "a time like 2026-01-31T12:00:00Z"),
        ("only_opt_in", "1", "true or false"),
        ("include_testing", "True", "true or false"),
        ("role", "boss", "recipient or recovery"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_name_and_the_cure(name: str, typed: str, cure: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: must be {cure}$"):
        read_filters({name: typed})


@pytest.mark.parametrize("name", ["only_optin", "onlyOptIn", "Campaign", "nonsense", ""])
def test_a_name_that_is_no_filter_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: there is no such filter; there are campaign, page, "):
        read_filters({"campaign": "trees", name: ""})
