"""What `check` says about our From domains, and about a test mail that came back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.senders import own, signatures
from proca_web.adapters.senders.resolver import Resolver, organisation, resolver_of
from proca_web.cli.mail.said import Said
from proca_web.domain.delivery import click_tracking
from proca_web.domain.senders import dmarc, judging, received
from proca_web.domain.senders.findings import Finding, Severity
from proca_web.domain.senders.received import Received
from proca_web.domain.senders.sender import NotAnswered, Sender
from proca_web.services.instance import mail_domains
from proca_web.services.instance.mail_domains import Known

LARGEST_MAIL = 10_000_000
SHORT_SECONDS, LONG_SECONDS = 5.0, 20.0


def look(app: Flask, *, is_long: bool) -> Said:
    """Ask about every From domain; with `is_long` all that is known is said, else what is wrong."""
    faults, notes = list[str](), list[str]()
    with reading() as session:
        senders = own.senders(app, session)
    for relay in dict.fromkeys(sender.relay for sender in senders):
        notes += click_tracking.in_words(relay)
    for domain in dict.fromkeys(sender.domain for sender in senders):
        known, reason = _asked(app, [sender for sender in senders if sender.domain == domain], is_long=is_long)
        if reason:
            notes.append(f"{domain}: the name server was not asked ({reason}); what is said of it may be old")
        bad, rest = _parted(known)
        # Without a test mail nobody wants to know: advice waits until somebody asks.
        faults += [f"{domain}: {said}" for said in bad] if is_long else []
        notes += [f"{domain}: {said}" for said in (rest if is_long else bad)]
    if senders and not is_long:
        notes.append("whether mails arrive: python3 -m proca_web check --mail-to YOUR.ADDRESS asks all of it")
    return faults, notes


def _asked(app: Flask, senders: list[Sender], *, is_long: bool) -> tuple[Known, str]:
    """What is known now, and why it could not be asked."""
    reason = ""
    try:
        names = resolver_of(app, LONG_SECONDS if is_long else SHORT_SECONDS)
        found = judging.judge(senders, names, organisation)
    except NotAnswered as failure:
        reason = str(failure)
    else:
        with writing() as session:
            mail_domains.answered(session, senders, found, clock.now())
    with reading() as session:
        return mail_domains.known_of(session, senders[0].domain), reason


def _parted(known: Known) -> tuple[list[str], list[str]]:
    rest = [finding.in_english for finding in known.findings if finding.severity is not Severity.FAULT]
    if known.received_at is not None:
        rest.append(f"the last test mail that came back was judged on {known.received_at:%Y-%m-%d %H:%M} UTC")
    return [finding.in_english for finding in known.faults], rest


def judge_received(app: Flask, file: Path) -> Said:
    """Judge a mail that went out and came back, and remember it."""
    try:
        raw = _read(file)
    except OSError as error:
        return [f"{file}: {error.strerror}"], []
    mail = Received(raw)
    with reading() as session:
        domains = {sender.domain for sender in own.senders(app, session)}
    if mail.domain not in domains:
        return [f"{file} is no mail of this instance: From is none of {', '.join(sorted(domains)) or 'ours'}"], []
    try:
        found = _signed(mail.domain, raw, resolver_of(app, LONG_SECONDS))
    except NotAnswered as failure:
        return [], [f"DKIM: not asked ({failure}); nothing was remembered"]
    found += mail.findings(urlsplit(app.config["PUBLIC_URL"]).hostname or "")
    with writing() as session:
        mail_domains.came_back(session, mail.domain, found, clock.now())
    return _told(mail.domain, found)


def _signed(domain: str, raw: bytes, names: Resolver) -> list[Finding]:
    rules = dmarc.of(domain, names, organisation)
    signed = signatures.of(raw, names)
    return received.of_signatures(domain, signed, organisation, strict=rules.is_strict_for_dkim)


def _told(domain: str, found: Sequence[Finding]) -> Said:
    bad = [f"{domain}: {each.in_english}" for each in found if each.severity is Severity.FAULT]
    return bad, [f"{domain}: {each.in_english}" for each in found if each.severity is not Severity.FAULT]


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read(LARGEST_MAIL)
    with file.open("rb") as opened:
        return opened.read(LARGEST_MAIL)
