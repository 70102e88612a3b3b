"""An org's settings: what it says about itself, how its mails leave, and whether they can be told from forgeries."""

from proca_web.web.secret_input import NoSecrets

bp = NoSecrets("settings", __name__, url_prefix="/console")
