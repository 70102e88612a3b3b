"""Where one is signed in: each can be ended, and all others at once."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from wtforms import Form, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.blueprints.console.account import bp
from proca_web.services.staff.account import arriving
from proca_web.web.access import staff

_DIGITS = 18


class PlacesForm(Form):
    """What is to end: one session by its number, or `others`; `not_me`, if somebody else sits there."""

    end = StringField(default="")
    not_me = StringField(default="")


@bp.post("/sessions")
@staff
def end_sessions() -> ResponseReturnValue:
    """End one session, or all but this one; after one that was not oneself, a new password is asked for."""
    form, user_id, here = PlacesForm(request.form), current_user.user.id, current_user.place.id
    asked = [int(said) for said in (form.end.data, form.not_me.data) if said.isdecimal() and len(said) <= _DIGITS]
    with writing() as session:
        if form.end.data == "others":
            number = arriving.end_others(session, user_id, here, clock.now())
        else:
            number = arriving.end(session, user_id, [place for place in asked if place != here], clock.now())
    if form.not_me.data:
        flash(gettext("It is signed out. Please choose a new password now: whoever it was may know yours."))
        return redirect(url_for("account.password"), code=303)
    flash(ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", number))
    return redirect(url_for("account.index") + "#signed-in", code=303)
