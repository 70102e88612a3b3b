"""The launch list of a page: what it needs before people can sign, going live, and how it is doing afterwards."""

from flask import Blueprint

bp = Blueprint("launch", __name__, url_prefix="/console")
