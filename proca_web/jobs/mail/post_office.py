"""All mail of one process: a room for each mail server, and none waits for another."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from proca_web.adapters.mail import routes
from proca_web.jobs.mail.room import Mailroom, closed, renewed, room_of, rooms_of

SECONDS_TO_END = 10.0


def start(app: Flask) -> None:
    """From now on mail has threads of its own in this process."""
    for room in _rooms(app):
        room.start()


def follow(app: Flask) -> None:
    """Mail servers that orgs entered, changed or took away since are taken up, while mails of all others go on."""
    if not any(room.is_running for room in rooms_of(app).values()):
        return  # nobody has started
    now = [route.org for route in routes.every(app)]
    old = [renewed(app, org) for org in now] + [closed(app, org) for org in set(rooms_of(app)) - set(now)]
    for room in filter(None, old):
        room.stop(SECONDS_TO_END)


def stop(app: Flask, seconds: float) -> None:
    """End after the mails at hand, or without them when that takes longer; of all mail servers at the same time."""
    _each([*rooms_of(app).values()], lambda room: room.stop(seconds))


def send_mail(app: Flask) -> None:
    """Send every mail that is due; where mail has threads of its own, tell them."""
    rooms = _rooms(app)
    running = [room for room in rooms if room.is_running]  # a new one gets its threads in a moment
    _each(running or rooms, Mailroom.send)


def _rooms(app: Flask) -> list[Mailroom]:
    return [room_of(app, route.org) for route in routes.every(app)]


def _each(rooms: Sequence[Mailroom], act: Callable[[Mailroom], None]) -> None:
    """Beside each other; what one raises is raised when all have ended."""
    if not rooms:
        return
    first, *others = rooms
    if not others:
        act(first)
        return
    with ThreadPoolExecutor(len(others)) as threads:
        acts = [threads.submit(act, room) for room in others]
        act(first)
    for done in acts:
        done.result()
