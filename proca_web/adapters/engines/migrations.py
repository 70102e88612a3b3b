"""Migrations of an app's database. Alembic takes long to load: who does not change a schema never imports this room."""

from flask import Flask
from flask_migrate import Migrate, upgrade

from proca_web.adapters.database import db
from proca_web.assets import ASSETS


def bind(app: Flask) -> None:
    """Let Flask-Migrate's commands work on this app's database."""
    Migrate(app, db, directory=str(ASSETS / "migrations"))


def migrate(app: Flask) -> None:
    """Bring the app's database to the newest version."""
    bind(app)
    with app.app_context():
        upgrade()
