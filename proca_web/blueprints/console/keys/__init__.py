"""An org's keys in its console: the pages, the acts, and how a refusal is answered. No secret may reach any of them."""

from proca_web.web.secret_input import NoSecrets

bp = NoSecrets("keys", __name__, url_prefix="/console")
