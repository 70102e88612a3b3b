"""The factory: settings, start checks, extensions, blueprints, error pages, headers. Nothing stays open."""

import os
from datetime import timedelta
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from proca_web import config, extensions
from proca_web.adapters import database, keyring, start
from proca_web.adapters.alive import trouble
from proca_web.adapters.engines import pooler
from proca_web.adapters.files import rights
from proca_web.adapters.mail.extension import mail_config
from proca_web.assets import ASSETS
from proca_web.blueprints import BLUEPRINTS
from proca_web.config import ConfigError, Settings
from proca_web.crypto.errors import HomeKeyError
from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.errors import Unavailable
from proca_web.jobs import shift
from proca_web.jobs.mail import post_office
from proca_web.services.sealing.keyring import Keyring
from proca_web.web import door, errors, login, page_cache, presentation, record_words, security, static_files
from proca_web.web.access import enforcing
from proca_web.web.arriving import damaged_links, host_names

JOBS = {"release": shift.release_soon, "mail": post_office.send_mail}
MOST_BYTES = 64 * 1024


def create_app(settings: Settings | None = None, *, check: bool = True) -> Flask:
    """A ready app. Raises ConfigError that names every fault at once; Unavailable when the database is not up yet.

    `check=False` is for init and upgrade.
    """
    faults: list[str] = []
    if settings is None:
        settings, faults = config.read(os.environ)
    denied = rights.faults(settings)
    if denied:  # whatever else is wrong with those files cannot be known
        raise ConfigError(faults + denied)
    if settings.is_pooled and settings.database_url:
        faults += pooler.setting_faults(settings.database_url, settings.queue_url)
    home, home_faults = _home_key(settings)
    faults += home_faults
    if check:
        rings = Keyring(settings.keyring_dir, settings.worker_key_dir)
        faults += rings.faults()
        try:
            faults += start.database_faults(settings.database_url, home, settings.sender, rings)
        except Unavailable:
            if not faults:  # what is wrong for certain is said first
                raise
    if faults or home is None:
        raise ConfigError(faults)
    app = _assemble(settings, home)
    if check and (lacking := start.lacking_campaigns(settings.database_url, rings)):
        app.logger.critical("keyring: the keys of %d campaigns are missing; their confirmations wait", lacking)
    return app


def _home_key(settings: Settings) -> tuple[HomeKey | None, list[str]]:
    try:
        if settings.home_key:
            return HomeKey(bytearray(settings.home_key.encode())), []
        return HomeKey.from_file(settings.home_key_file), []
    except HomeKeyError as error:
        return None, [str(error)]


def _assemble(settings: Settings, home: HomeKey) -> Flask:
    app = Flask("proca_web", template_folder=str(ASSETS / "templates"), static_folder=None)
    app.config.from_mapping(_flask_config(settings))
    app.jinja_env.undefined = StrictUndefined
    if settings.trusted_proxies:
        hops = settings.trusted_proxies  # who calls is read in web/client
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = host_names.guard(app.wsgi_app)  # type: ignore[method-assign, assignment]
    _bind_extensions(app, settings, home)
    door.init_app(app)
    damaged_links.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    errors.init_app(app)
    trouble.init_app(app)
    security.init_app(app, https=settings.is_https)
    presentation.init_app(app)
    record_words.init_app(app)
    static_files.init_app(app)
    page_cache.init_app(app)
    enforcing.init_app(app, extensions.csrf)  # after the last route
    app.teardown_appcontext(database.give_back)
    return app


def _flask_config(settings: Settings) -> dict[str, Any]:
    prefix = "__Host-" if settings.is_https else ""
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": settings.secret_keys[1:],
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": database.engine_options(settings.database_url, is_pooled=settings.is_pooled),
        "MAX_CONTENT_LENGTH": MOST_BYTES,
        "MAX_FORM_MEMORY_SIZE": MOST_BYTES,
        "MAX_FORM_PARTS": 50,
        "PUBLIC_URL": settings.public_url,
        "SECOND_STEP_IS_OFF": not settings.needs_second_factor,
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer; where a post comes from is asked in web/security
        "BABEL_DEFAULT_LOCALE": "en",
        **mail_config(settings.mail, settings.mailbox_dir),
    }


def _bind_extensions(app: Flask, settings: Settings, home: HomeKey) -> None:
    extensions.db.init_app(app)
    with app.app_context():
        database.prepare_engine(extensions.db.engine, is_pooled=settings.is_pooled)
    extensions.babel.init_app(app, locale_selector=presentation.locale)
    extensions.csrf.init_app(app)
    login.init_app(app, extensions.login_manager)
    extensions.mail.init_app(app)
    keyring.init_app(app, Keyring(settings.keyring_dir, settings.worker_key_dir), home, settings.sender)
    extensions.encryption.init_app(app, home, settings.sender)
    extensions.queue.init_app(app, settings.queue_url, JOBS)
    extensions.rate_limit.init_app(app, settings.ratelimit_url, settings.secret_key, settings.trusted_proxies)
    app.extensions["proca_settings"] = settings
