"""What providers of mail servers ask for in their documentation, where nothing they answer would teach it."""

from dataclasses import dataclass

from proca_web.domain.delivery.governor import MAILS_EACH

MOST_CONNECTIONS = 64
# Mails a second and connection, where a round trip takes 25 ms and the end of a message 150 ms more: the envelope in
# three packets, or in one.
_PLAIN, _QUICK = 3.8, 4.8


@dataclass(frozen=True, slots=True)
class Wishes:
    """Most connections at a time, most mails over each; and whose documentation says so."""

    connections: int
    mails_each: int = MAILS_EACH
    provider: str = ""


_WISHES = {
    "postmarkapp.com": Wishes(10, provider="Postmark"),
    "sendgrid.net": Wishes(10, provider="SendGrid"),
    "socketlabs.com": Wishes(10, 50, provider="SocketLabs"),
    "authsmtp.com": Wishes(5, provider="AuthSMTP"),
    "mailersend.net": Wishes(MOST_CONNECTIONS, 5, provider="MailerSend"),
    "mailersend.com": Wishes(MOST_CONNECTIONS, 5, provider="MailerSend"),
}


def wishes_of(server: str) -> Wishes | None:
    """What the provider of that host asks for, if it is known."""
    name = server.lower().rstrip(".")
    return next((wishes for ending, wishes in _WISHES.items() if f".{name}".endswith(f".{ending}")), None)


def ceiling(server: str, setting: int) -> Wishes:
    """What is kept to: a setting (0: none), else what the provider asks for, else the usual number."""
    wishes = wishes_of(server) or Wishes(MOST_CONNECTIONS)
    return Wishes(setting or wishes.connections, wishes.mails_each, wishes.provider)


def in_words(server: str, setting: int) -> list[str]:
    """For the operator: how many mails a second there can be where a limit is known beforehand."""
    wishes, kept = wishes_of(server), ceiling(server, setting)
    if not setting and wishes is None:
        return []
    number = f"at most {kept.connections} connections to the mail server"
    why = f"{wishes.provider} asks for it" if wishes and not setting else "PROCA_MAIL_CONNECTIONS"
    low, high = round(kept.connections * _PLAIN), round(kept.connections * _QUICK)
    said = [f"{number} ({why}): about {low} to {high} mails a second where an answer takes as long as usual"]
    if kept.mails_each < MAILS_EACH:
        said.append(f"{kept.provider} takes {kept.mails_each} mails over one connection; the worker keeps to it")
    return said


def measured(server: str, setting: int, seconds: float) -> str:
    """For the operator: what the time that one mail took means in mails a second."""
    number = ceiling(server, setting).connections
    rate = number / max(seconds, 0.001)
    most = f"about {rate:.0f}" if rate < 1000 else "more than 1000"
    return (
        f"the test mail took {seconds:.2f} s; a worker opens at most {number} connections, which carry {most} mails a "
        "second if the server takes so many"
    )
