"""The extension instances, made once and bound to an app by the factory. No logic here."""

from flask_login import LoginManager
from flask_wtf import CSRFProtect

from proca_web.adapters.database import db
from proca_web.adapters.encryption import Encryption
from proca_web.adapters.files.catalogue import Speaking
from proca_web.adapters.mail.extension import SafeMail
from proca_web.adapters.queue import Queue
from proca_web.web.ratelimit import RateLimit

babel = Speaking()
csrf = CSRFProtect()
encryption = Encryption()
login_manager = LoginManager()
mail = SafeMail()
queue = Queue()
rate_limit = RateLimit()

__all__ = ["babel", "csrf", "db", "encryption", "login_manager", "mail", "queue", "rate_limit"]
