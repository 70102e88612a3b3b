"""The campaigns of an org and their pages: written, looked at, ordered, copied, ended."""

from flask import Blueprint

bp = Blueprint("campaign_pages", __name__, url_prefix="/console")
