"""How each provider is told to leave links as they are and to count no opening, by the headers it documents.

A confirm link that leads through somebody else's server tells that server who signed. Providers without such a header
stand here too: their tracking is switched off in their own settings, and `check` says so.
"""

from dataclasses import dataclass
from functools import lru_cache

_SENDGRID = (
    'X-SMTPAPI: {"filters": {"clicktrack": {"settings": {"enable": 0,\r\n'
    ' "enable_text": false}}, "opentrack": {"settings": {"enable": 0}}}}'
)


@dataclass(frozen=True, slots=True)
class Provider:
    """Its name, its headers, what it names in SPF, and what its headers do not switch off."""

    name: str
    headers: tuple[str, ...] = ()
    spf: str = ""
    is_open_kept: bool = False


_AMAZON = Provider("Amazon SES", spf="amazonses.com")
_BREVO = Provider("Brevo", spf="spf.brevo.com")
_MAILERSEND = Provider("MailerSend", spf="_spf.mailersend.net")
_PROVIDERS = {
    "mailgun.org": Provider(
        "Mailgun", ("X-Mailgun-Track: no", "X-Mailgun-Track-Clicks: no", "X-Mailgun-Track-Opens: no"), "mailgun.org"
    ),
    "sendgrid.net": Provider("SendGrid", (_SENDGRID,), "sendgrid.net"),
    "postmarkapp.com": Provider(
        "Postmark", ("X-PM-TrackLinks: None", "X-PM-TrackOpens: false"), "spf.mtasv.net", is_open_kept=True
    ),
    "mailjet.com": Provider("Mailjet", ("X-Mailjet-TrackOpen: 0", "X-Mailjet-TrackClick: 0"), "spf.mailjet.com"),
    "sparkpostmail.com": Provider(
        "SparkPost", ('X-MSYS-API: {"options": {"open_tracking": false, "click_tracking": false}}',)
    ),
    "mandrillapp.com": Provider("Mailchimp Transactional (Mandrill)", spf="spf.mandrillapp.com"),
    "brevo.com": _BREVO,
    "sendinblue.com": _BREVO,
    "amazonaws.com": _AMAZON,
    "elasticemail.com": Provider("Elastic Email", spf="_spf.elasticemail.com"),
    "mailersend.net": _MAILERSEND,
    "mailersend.com": _MAILERSEND,
}


def provider_of(server: str) -> Provider | None:
    """Whose mail server that host is, if it is known."""
    name = server.lower().rstrip(".")
    return next((provider for ending, provider in _PROVIDERS.items() if f".{name}".endswith(f".{ending}")), None)


@lru_cache(maxsize=64)
def headers_of(server: str) -> bytes:
    """Whole header lines for every mail by way of that host; none where nothing is documented."""
    provider = provider_of(server)
    return "".join(f"{line}\r\n" for line in provider.headers).encode("ascii") if provider else b""


def in_words(server: str) -> list[str]:
    """For the operator: what is left to do in the provider's own settings."""
    provider = provider_of(server)
    if provider is None:
        return []
    if not provider.headers:
        return [
            f"{provider.name} has no header that switches click and open tracking off: do it in its settings, "
            "or links in mails tell it who signed"
        ]
    if provider.is_open_kept:
        return [
            f"{provider.name} is told with each mail to rewrite no link; switch open tracking off in its settings "
            "(no header can)"
        ]
    return [f"{provider.name} is told with each mail to rewrite no link and to count no opening"]
