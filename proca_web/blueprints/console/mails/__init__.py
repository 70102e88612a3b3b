"""The mails to supporters of a campaign's pages: their words, how they look, a test to oneself."""

from flask import Blueprint

bp = Blueprint("mails", __name__, url_prefix="/console")
