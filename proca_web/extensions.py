"""The extension instances, made once and bound to an app by the factory. No logic here."""

from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from proca_web.web.database import db
from proca_web.web.encryption import Encryption
from proca_web.web.queue import Queue
from proca_web.web.ratelimit import RateLimit
from proca_web.web.smtp import SafeMail

babel = Babel()
csrf = CSRFProtect()
encryption = Encryption()
login_manager = LoginManager()
mail = SafeMail()
migrate = Migrate()
queue = Queue()
rate_limit = RateLimit()

__all__ = ["babel", "csrf", "db", "encryption", "login_manager", "mail", "migrate", "queue", "rate_limit"]
