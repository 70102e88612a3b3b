"""Logs hold what happened and never to whom, whoever wrote the line and whatever handler prints it."""

import io
import logging
import threading
from collections.abc import Iterator

import pytest

from proca_web.adapters import logs

TOKEN = "T0ken-" + "x" * 37
SAYS = f"GET /confirm/{TOKEN}?q=anna@example.org from 203.0.113.9"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of somebody else's prints, in a process that is protected."""
    before, hook, raises = logging.getLogRecordFactory(), threading.excepthook, logging.raiseExceptions
    logs.protect()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    for name in ("waitress", "gunicorn.error", "some.library", logs.OURS):
        logging.getLogger(name).addHandler(handler)
    yield stream
    for name in ("waitress", "gunicorn.error", "some.library", logs.OURS):
        logging.getLogger(name).removeHandler(handler)
    logging.setLogRecordFactory(before)
    threading.excepthook, logging.raiseExceptions = hook, raises


def is_clean(text: str) -> bool:
    return not any(part in text for part in (TOKEN, "confirm", "anna", "203.0.113.9", "GET"))


@pytest.mark.parametrize("name", ["waitress", "gunicorn.error", "some.library"])
def test_a_librarys_line_keeps_its_place_and_nothing_of_its_text(name: str, written: io.StringIO) -> None:
    logging.getLogger(name).error("Invalid request from ip=203.0.113.9: %s", SAYS)
    logging.getLogger(name).error(SAYS)
    logging.getLogger(name).error("%d", SAYS)
    assert written.getvalue().count("test_logs") == 3
    assert is_clean(written.getvalue())


def test_a_traceback_becomes_its_class_and_place(written: io.StringIO) -> None:
    for name in ("waitress", logs.OURS):
        try:
            raise ValueError(SAYS)
        except ValueError:
            logging.getLogger(name).exception("it failed")
    assert written.getvalue().count("ValueError at ") == 2
    assert "Traceback" not in written.getvalue()
    assert is_clean(written.getvalue())


@pytest.mark.parametrize(
    "line",
    [
        "Listening at: http://127.0.0.1:8000 (12)",
        "Booting worker with pid: 31",
        "Handling signal: term",
        "WORKER TIMEOUT (pid:31)",
        "Worker (pid:31) was sent SIGKILL! Perhaps out of memory?",
        "Task queue depth is 4",
    ],
)
def test_what_servers_say_of_themselves_stays(line: str, written: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").error(line)
    logging.getLogger("gunicorn.error").error(f"{line}\n{SAYS}")
    assert written.getvalue().splitlines()[0] == line
    assert is_clean(written.getvalue())


def test_our_own_lines_are_printed_as_they_are(written: io.StringIO) -> None:
    logging.getLogger("proca_web.jobs").error("mail: %s waiting", 3)
    assert written.getvalue() == "mail: 3 waiting\n"


def test_a_thread_that_dies_tells_no_more(written: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(SAYS)

    dying = threading.Thread(target=fail)
    dying.start()
    dying.join()
    assert "ValueError at " in written.getvalue()
    assert is_clean(written.getvalue())
