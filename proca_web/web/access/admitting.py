"""Who is let in by what a route declares: nothing here reads a body or locks anything."""

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from flask import abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters.database import reading
from proca_web.domain import rights as staff_rights
from proca_web.domain.rights import Right
from proca_web.models import Org
from proca_web.services.staff import members, people
from proca_web.web import errors, login
from proca_web.web.access import typed
from proca_web.web.arriving import client
from proca_web.web.second_step import asking


def everybody() -> None:
    """Anybody at all."""
    return


def in_the_demo() -> ResponseReturnValue | None:
    """Whoever sits at this machine, and whoever has the key that the demo printed."""
    folder: Path | None = current_app.config["MAILBOX_DIR"]
    if not folder:
        abort(404)
    if client.is_at_this_machine(request) or _has_key_of(folder.parent / "demo.json"):
        return None
    return errors.answer(
        403,
        gettext("This mailbox needs its key"),
        gettext("From another computer, please open the mailbox under the whole address that the demo printed."),
    )


def signed_in() -> ResponseReturnValue | None:
    """Whoever has signed in, with the second step if they need one; others are led there, and back."""
    return known() or asking.lead_to_it()


def known() -> ResponseReturnValue | None:
    """Whoever has signed in; others are led there, and back."""
    if current_user.is_authenticated:
        return None
    if request.method == "GET":
        login.remember_way(session, request.full_path.rstrip("?"))
    return redirect(url_for("auth.login"), code=303)


def holding(needed: Iterable[Right]) -> ResponseReturnValue | None:
    """Whoever holds all these rights in the org of the path, which becomes `g.org`.

    404 for orgs one has no place in, for names that are none and for what that org does not have; 403 for a right that
    is missing.
    """
    turned_away = signed_in()
    if turned_away is not None:
        return turned_away
    name = (request.view_args or {}).get("org", "")
    own = _own_org(name)
    if own is None:
        return _unknown(name)
    g.org = own
    if not all(staff_rights.exists(right, at_home=g.org.is_home) for right in needed):
        abort(404)
    g.rights = current_user.rights_in(g.org)
    return None if g.rights.issuperset(needed) else _missing(g.org)


def _own_org(name: str) -> Org | None:
    found: Org | None = next((place.org for place in current_user.memberships if place.org.name == name), None)
    if found is None and current_user.is_operator:
        with reading() as reads:
            found = people.find_org(reads, name)
    return found


def _unknown(name: str) -> ResponseReturnValue:
    """404, as for any org; who belonged to it when they signed in gets back what they typed."""
    if request.method == "POST":
        with reading() as reads:
            was = members.was_removed(reads, name, current_user.user.id, current_user.place.created_at)
        if was:
            return errors.answer(404, typed=typed.texts())
    return abort(404)


def _missing(org: Org) -> ResponseReturnValue:
    shown = typed.texts() if request.method == "POST" else ()
    if org.locked_at is not None and not current_user.is_operator:
        locked = gettext(
            "Whoever runs this site has locked this organisation. Until it is open again you can only look."
        )
        return errors.answer(403, gettext("This organisation is locked"), locked, typed=shown)
    with reading() as reads:
        owners = people.owners(reads, org.id)
    asked = gettext("An owner of %(org)s can: %(people)s.", org=org.title, people=", ".join(owners))
    nobody = gettext("Who runs this site can help you.")
    return errors.answer(403, gettext("You may not do this here"), asked if owners else nobody, typed=shown)


def _has_key_of(plan: Path) -> bool:
    try:
        key = str(json.loads(plan.read_text("utf-8"))["mailbox_key"])
    except (OSError, ValueError, KeyError):
        return False
    return secrets.compare_digest(key.encode(), request.args.get("key", "").encode())
