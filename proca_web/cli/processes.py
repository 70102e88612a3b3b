"""The long-running processes: one that does everything, one that only works, and the sweep run once."""

import ctypes
import os
import resource
import signal
import sys
import threading
from types import FrameType

import click
from flask import Flask
from waitress.server import create_server

from proca_web.adapters import clock, logs, start
from proca_web.adapters.database import writing
from proca_web.adapters.keyring import waiting_of
from proca_web.cli import doubts
from proca_web.cli.ports import PORT
from proca_web.cli.ready import app_or_exit, app_when_ready, exit_with, refusals
from proca_web.config.transports import password_faults
from proca_web.extensions import encryption, queue
from proca_web.jobs import worker_keys
from proca_web.jobs.mail import post_office
from proca_web.jobs.shift import shift_of
from proca_web.jobs.sweep import sweep as sweep_once
from proca_web.services.instance import ageing

_PR_SET_DUMPABLE = 4
THREADS = 8
SECONDS_FOR_THE_MAIL_AT_HAND = 5.0
SECONDS_FOR_THE_ACT_AT_HAND = 5.0


@click.command()
@click.option("--port", default=8000, show_default=True, type=PORT)
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(port: int, host: str) -> None:
    """Web server and worker in one process."""
    logs.configure()
    warn_of_doubts()
    app = app_when_ready()
    url = app.config["PUBLIC_URL"]
    run(app, host, port, ready=f"web server and worker run at {host} port {port}, for {url}; stop with Ctrl-C")


@click.command()
def worker() -> None:
    """The worker beside `gunicorn wsgi:app`: mail, release, housekeeping."""
    logs.configure()
    warn_of_doubts()
    app = app_when_ready()
    start.hold(app.extensions["proca_settings"].data_dir)
    harden()
    begin_work(app)
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    consumer = queue.consumer(app)
    post_office.start(app)
    shift_of(app).start()
    consumer.start()
    click.echo("worker: ready", err=True)
    stop.wait()
    consumer.stop(graceful=True)
    shift_of(app).stop(SECONDS_FOR_THE_ACT_AT_HAND)
    post_office.stop(app, SECONDS_FOR_THE_MAIL_AT_HAND)
    _end(app)


@click.command()
@click.option("--clock-is-right", is_flag=True, help="after a leap or a long pause: count ages by the clock at once")
def sweep(clock_is_right: bool) -> None:
    """Run all periodic jobs once."""
    logs.configure()
    app = app_or_exit()
    with app.app_context():
        if not clock.is_right(app):
            raise click.ClickException("this host's clock is not the database's; set it first. Nothing was done")
        if clock_is_right:
            with writing() as session:
                ageing.trust(session, clock.now())
    begin_work(app)
    sweep_once(app)


def begin_work(app: Flask) -> None:
    """Take this worker host up: it can log in to mail servers, and has a key before anything is sealed; else exit 2."""
    unreadable = password_faults(app.extensions["proca_settings"].transports)
    if unreadable:
        exit_with(unreadable)
    with app.app_context(), refusals():
        fault = worker_keys.begin(app)
    if fault:
        exit_with([fault])


def run(app: Flask, host: str, port: int, *, ready: str = "") -> None:
    """Serve until SIGTERM or Ctrl-C; the consumer starts once the port is bound."""
    start.hold(app.extensions["proca_settings"].data_dir)
    harden()
    begin_work(app)
    try:
        server = create_server(
            app, host=host, port=port, threads=THREADS, ident="proca_web", clear_untrusted_proxy_headers=False
        )
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used ({error.strerror}); try --port {port + 1}") from error
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, _exit)
    consumer = queue.consumer(app)
    post_office.start(app)
    shift_of(app).start()
    consumer.start()
    if ready:
        click.echo(ready)
        sys.stdout.flush()
    try:
        server.run()
    except (KeyboardInterrupt, SystemExit):
        click.echo("stopping", err=True)
    finally:
        server.close()
        consumer.stop(graceful=True)
        shift_of(app).stop(SECONDS_FOR_THE_ACT_AT_HAND)
        post_office.stop(app, SECONDS_FOR_THE_MAIL_AT_HAND)
        _end(app)


def warn_of_doubts() -> None:
    """Say at the start what may be meant otherwise; nothing is stopped by it."""
    for doubt in doubts.of(os.environ):
        click.echo(f"warning: {doubt}", err=True)


def harden() -> None:
    """No core dumps, and no other process of this user may read our memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _end(app: Flask) -> None:
    with app.app_context():
        encryption.source.end()
        waiting_of(app).end()


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
