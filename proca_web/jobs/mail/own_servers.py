"""Mail servers that orgs entered: what changed is taken up without a restart, and what waits for a test is tried.

The one place where their passwords are opened, with the connections themselves.
"""

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.mail import own_servers
from proca_web.adapters.mail.own_servers import OwnServer
from proca_web.adapters.mail.proving import prove
from proca_web.jobs.mail import post_office
from proca_web.services.petitions.settings import own_transports

LOOK_EVERY_SECONDS = 5.0


def keep(app: Flask) -> None:
    """Take up what orgs changed, in a process whose mail has threads of its own; then try what waits."""
    with app.app_context():
        own_servers.look(app)
        post_office.follow(app)
    try_out(app)


def try_out(app: Flask) -> None:
    """Send the test mails that owners wait for, one after the other."""
    with app.app_context():
        while (taken := _claimed()) is not None:
            server, address = taken
            passed, answer = prove(server, address, _keys(app))
            with writing() as session:
                own_transports.tested(session, server.number, answer, clock.now(), passed=passed)


def seal_anew(app: Flask) -> None:
    """After a change of the secret key: passwords are sealed under the new one."""
    with reading() as session:
        is_needed = own_transports.has_sealed(session)
    if is_needed:
        with writing() as session:
            lost = own_transports.seal_anew(session, _keys(app))
        if lost:
            app.logger.critical("no secret key opens the passwords of the mail servers of %s", ", ".join(lost))


def _keys(app: Flask) -> tuple[str, ...]:
    keys: tuple[str, ...] = app.extensions["proca_settings"].secret_keys
    return keys


def _claimed() -> tuple[OwnServer, str] | None:
    with reading() as session:
        if not own_transports.waits(session, clock.now()):
            return None
    with writing() as session:
        found = own_transports.claim_test(session, clock.now())
        return (own_servers.of_row(*found), found[1].test_to) if found else None
