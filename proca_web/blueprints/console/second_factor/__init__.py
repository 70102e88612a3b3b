"""The second step on screen: signing in with it, setting it up, being asked for it again, and what to do without it."""

from flask import Blueprint

from proca_web.web.ratelimit import Limit

bp = Blueprint("second_factor", __name__)

# So many codes and passkeys a minute and network, right or wrong.
CODE_LIMIT = Limit("code", 10)
