"""Logs to stdout: what happened, never to whom. Paths, queries, forms and addresses stay out of them.

Libraries put such things into their messages, and servers bring handlers of their own. So each record is made safe when
it is made, before any handler sees it: of a library's text only what is known to hold nothing is kept, of an exception
its class and place.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
OURS = "proca_web"
_WITHHELD = "(text withheld)"
# Lines of servers and libraries that say how a process is doing; of what they hold, nothing comes from a request.
_KNOWN = re.compile(
    r"""Starting\ gunicorn\ [0-9.]+ | Listening\ at:\ \S+\ \([0-9]+\) | Using\ worker:\ \w+
    | Booting\ worker\ with\ pid:\ [0-9]+ | Worker\ exiting\ \(pid:\ [0-9]+\) | Handling\ signal:\ \w+
    | Shutting\ down:\ Master | Worker\ \(pid:[0-9]+\)\ (was\ sent\ SIG\w+!|exited\ with\ code\ [0-9]+\.?).*
    | WORKER\ TIMEOUT\ \(pid:[0-9]+\) | Parent\ changed,\ shutting\ down:\ .* | graceful\ stop\ of\ workers
    | connection\ to\ \(\S+,\ [0-9]+\)\ failed:\ .*errno.* | Connection\ in\ use:\ .* | Retrying\ in\ 1\ second\.
    | Can't\ connect\ to\ .* | Reason:\ Worker\ failed\ to\ boot\. | Reason:\ App\ failed\ to\ load\.
    | Serving\ on\ \S+ | Task\ queue\ depth\ is\ [0-9]+ | [0-9]+\ thread\(s\)\ still\ running
    | Canceling\ [0-9]+\ pending\ task\(s\) | total\ open\ connections\ reached\ the\ connection\ limit.*
    | Running\ upgrade\ \S*\ ->\ \w+.* | Worker\ [0-9]+\ died,\ restarting\. | Error\ reading\ from\ queue""",
    re.VERBOSE,
)
_Record = Callable[..., logging.LogRecord]


def configure(level: int = logging.INFO) -> None:
    """One handler on the root; libraries that would print requests or messages are kept to warnings."""
    protect()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("huey", "huey.consumer", "waitress.queue", "alembic", "sqlalchemy.engine", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)


def protect() -> None:
    """From now on no record of this process holds more than `safe` leaves in it, whatever handlers there will be."""
    make = logging.getLogRecordFactory()
    if getattr(make, "is_safe", False):
        return

    def factory(*parts: Any, **more: Any) -> logging.LogRecord:
        return safe(make(*parts, **more))

    factory.is_safe = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(factory)
    logging.raiseExceptions = False  # it would print the message that could not be formatted
    threading.excepthook = _tell_end_of_thread


def safe(record: logging.LogRecord) -> logging.LogRecord:
    """A record without what a request, a person or an exception's text may have put into it."""
    if record.name.partition(".")[0] != OURS:
        text = _text_of(record)
        record.msg = text if "\n" not in text and _KNOWN.fullmatch(text) else _withheld(record)
        record.args = ()
    if record.exc_info:
        record.msg = f"{record.getMessage()}: {_class_and_place(record.exc_info)}"
        record.args, record.exc_info, record.exc_text = (), None, None
    record.stack_info = None
    return record


def unexpected(logger: logging.Logger, error: BaseException, where: object) -> None:
    """Log a fault by its class and place; never its message, which may hold what somebody typed."""
    told = _class_and_place((type(error), error, error.__traceback__))
    logger.error("unexpected %s on %s", told, where)


def _text_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return ""


def _withheld(record: logging.LogRecord) -> str:
    return f"{_WITHHELD} {record.module}:{record.lineno}"


def _class_and_place(exc_info: Any) -> str:
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        return "no exception"
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


def _tell_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        unexpected(logging.getLogger(OURS), ended.exc_value, "a thread")
