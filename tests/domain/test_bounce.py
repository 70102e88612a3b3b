"""Which reports say that a recipient is not there: five codes, wherever mail servers put them."""

import pytest

from proca_web.domain.bounce import Report, code_in, is_gone

GONE = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"]


@pytest.mark.parametrize("code", GONE)
def test_five_codes_say_that_nobody_is_there(code: str) -> None:
    assert is_gone(code)
    assert is_gone("", f"smtp; 550 {code} <jane@example.com>... User unknown")
    assert is_gone("5.0.0", f"smtp;550-{code} no such user")


@pytest.mark.parametrize(
    "code", ["5.7.1", "5.2.2", "5.1.0", "5.1.4", "5.1.8", "4.1.1", "2.1.5", "5.1.100", "", "5.0.0"]
)
def test_no_other_code_does(code: str) -> None:
    assert not is_gone(code)
    assert not is_gone(code, f"550 {code} something else")


def test_a_status_that_says_something_is_not_overruled() -> None:
    assert not is_gone("5.7.1", "smtp; 550 5.1.1 user unknown")
    assert not is_gone("4.4.7", "smtp; 550 5.1.1 user unknown")


@pytest.mark.parametrize(
    "said",
    [
        "smtp; 550 mailbox unavailable",
        "smtp; 550 blocked by 5.1.1.1",
        "we know 5.1.1 from elsewhere",
        "host mx5.1.1 said: 421 try again",
        "smtp; 450 4.2.0 greylisted, later perhaps 550 5.1.1",
        "x" * 5000 + " 550 5.1.1",
        None,
        511,
        ["5.1.1"],
    ],
)
def test_a_code_counts_only_where_mail_servers_put_it(said: object) -> None:
    assert not is_gone("", said)


def test_the_first_code_is_the_servers() -> None:
    assert code_in("5.1.1 The email account that you tried to reach does not exist. 5.7.1 x") == "5.1.1"
    assert code_in("421 4.4.2 timeout") == "4.4.2"


def test_a_report_shows_nothing_of_what_it_holds() -> None:
    assert repr(Report(("bounces+ABC@example.org",))) == "Report()"
