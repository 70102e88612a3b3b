"""The people of an org: who they are, what they may do, and how somebody joins or leaves."""

from flask import Blueprint

bp = Blueprint("people", __name__, url_prefix="/console")
