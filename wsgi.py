"""The WSGI entry: `gunicorn wsgi:app`. Refuses to start with every fault named; opens no database, queue or thread."""

import sys

import proca_web.adapters.huey_storage  # noqa: F401 -- loaded once before the fork, not at the first signature
from proca_web.adapters import logs
from proca_web.app import create_app
from proca_web.config import ConfigError

logs.configure()
try:
    app = create_app()
except ConfigError as error:
    print(f"proca_web does not start:\n{error}", file=sys.stderr)
    sys.exit(2)
