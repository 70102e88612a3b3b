"""The partners of a campaign: who takes part, who gets a copy, whose page is approved; and how a part ends."""

from flask import Blueprint

bp = Blueprint("coalition", __name__, url_prefix="/console/<org>/campaigns/<campaign>/partners")
