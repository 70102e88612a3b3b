"""Logs to stdout: what happened, never to whom. Paths, queries, forms and addresses stay out of them."""

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure(level: int = logging.INFO) -> None:
    """One handler on the root; libraries that would print requests or messages are kept to warnings."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("huey", "huey.consumer", "waitress.queue", "alembic", "sqlalchemy.engine", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)


def unexpected(logger: logging.Logger, error: BaseException, where: object) -> None:
    """Log a fault by its class and place; never its message, which may hold what somebody typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    logger.error("unexpected %s at %s on %s", type(error).__name__, place, where)
