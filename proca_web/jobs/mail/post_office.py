"""All mail of one process: a room for each mail server, and none waits for another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from proca_web.adapters.mail import routes
from proca_web.jobs.mail.room import Mailroom, room_of


def start(app: Flask) -> None:
    """From now on mail has threads of its own in this process."""
    for room in _rooms(app):
        room.start()


def stop(app: Flask, seconds: float) -> None:
    """End after the mails at hand, or without them when that takes longer; of all mail servers at the same time."""
    _each(app, lambda room: room.stop(seconds))


def send_mail(app: Flask) -> None:
    """Send every mail that is due; where mail has threads of its own, tell them."""
    _each(app, Mailroom.send)


def _rooms(app: Flask) -> list[Mailroom]:
    return [room_of(app, route.org) for route in routes.every(app)]


def _each(app: Flask, act: Callable[[Mailroom], None]) -> None:
    """Beside each other; what one raises is raised when all have ended."""
    first, *others = _rooms(app)
    if not others:
        act(first)
        return
    with ThreadPoolExecutor(len(others)) as threads:
        acts = [threads.submit(act, room) for room in others]
        act(first)
    for done in acts:
        done.result()
