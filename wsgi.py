"""The WSGI entry: `gunicorn wsgi:app`. Refuses to start with every fault named; opens no database, queue or thread."""

import os
import sys

import proca_web.adapters.huey_storage  # noqa: F401 -- loaded once before the fork, not at the first signature
from proca_web.adapters import logs, start
from proca_web.app import create_app
from proca_web.cli import doubts
from proca_web.config import ConfigError
from proca_web.domain.errors import Unavailable

logs.configure()
for doubt in doubts.of(os.environ):
    print(f"warning: {doubt}", file=sys.stderr)
try:
    app = start.patiently(create_app, lambda line: print(line, file=sys.stderr, flush=True))
    start.hold(app.extensions["proca_settings"].data_dir)
except ConfigError as error:
    print(f"proca_web does not start:\n{error}", file=sys.stderr)
    sys.exit(start.WRONG_SETTINGS)
except Unavailable as error:
    print(f"proca_web does not start: {error}", file=sys.stderr)
    sys.exit(start.NOT_AVAILABLE)
