"""Large receivers by their domains; everybody else is the same one."""

import pytest

from proca_web.domain.delivery import providers


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("zofia@gmail.com", "gmail"),
        ("zofia@GOOGLEMAIL.com", "gmail"),
        ("zofia@t-online.de", "t-online"),
        ("zofia@poczta.onet.pl", "onet"),
        ("zofia@mail.gmail.com.example.org", "other"),
        ("zofia@zofia.example.org", "other"),
        ("", "other"),
    ],
)
def test_a_mail_goes_to_one_of_a_few_or_to_another(address: str, provider: str) -> None:
    assert providers.of(address) == provider
