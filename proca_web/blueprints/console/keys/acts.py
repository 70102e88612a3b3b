"""What an org's owners do with one key: prove it, activate it, discard or revoke it, approve or cancel a change.

Each answers JSON to a script and leads a form to the key's page. What an act changes is felt at once: the guard
follows, wordings are renewed, mails to staff leave.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, jsonify, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock, key_guard, wordings
from proca_web.adapters.database import writing
from proca_web.blueprints.console.keys import answers as key_refusals
from proca_web.blueprints.console.keys import bp
from proca_web.blueprints.console.keys.forms import ProofForm, RevokeForm
from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.errors import KeyAction, ProofRefused
from proca_web.domain.rights import Right
from proca_web.extensions import encryption, queue
from proca_web.models import KeyChange, Org
from proca_web.services.keys import activating, proving, registering
from proca_web.services.keys import changes as key_changes
from proca_web.services.keys.changes import Activation
from proca_web.web import page_cache
from proca_web.web.access import limited, needs, recently_proven
from proca_web.web.htmx import see_other, wants_json
from proca_web.web.ratelimit import Limit
from proca_web.web.secret_input import typed

PROOF_LIMIT = Limit("key-proof", 60)
T = TypeVar("T")
Act = Callable[[Session, datetime], T]


@bp.post("/<org>/keys/<int:key_id>/challenge")
@needs(Right.KEYS)
@recently_proven
@limited(PROOF_LIMIT)
def challenge(org: str, key_id: int) -> ResponseReturnValue:
    """A challenge to the holder of the key, as a file or for the script."""

    def pose(session: Session, now: datetime) -> dict[str, Any]:
        home, user = _who()
        return proving.pose(session, home, g.org, key_id, user_id=user, mark=_mark(), now=now).as_json()

    def file(posed: dict[str, Any]) -> Response:
        response = jsonify(posed)
        if not wants_json():
            response.headers["Content-Disposition"] = f'attachment; filename="challenge-{posed["id"][:8]}.json"'
        return response

    return _perform(key_id, pose, file, felt=False)


@bp.post("/<org>/keys/<int:key_id>/answer")
@needs(Right.KEYS)
@recently_proven
@limited(PROOF_LIMIT)
def answer(org: str, key_id: int) -> ResponseReturnValue:
    """The answer proves a key that waits; for an active one it shows that its file still opens."""
    given = ProofForm(data=typed()).pair()

    def take(session: Session, now: datetime) -> dict[str, object]:
        _, user = _who()
        key = proving.take(session, g.org, key_id, *given, user_id=user, mark=_mark(), now=now)
        if key is None:
            return {}  # no exception: the try that was used up is to be committed
        return {"state": key.status, "proven" if key.status == "pending" else "drilled": True}

    def tell(done: dict[str, object]) -> ResponseReturnValue:
        return _done(key_id, done) if done else key_refusals.answer(ProofRefused(proving.WRONG), key_id)

    return _perform(key_id, take, tell, felt=False)


@bp.post("/<org>/keys/<int:key_id>/activate")
@needs(Right.KEYS)
@recently_proven
def activate(org: str, key_id: int) -> ResponseReturnValue:
    """Active from now on; or, when the key before did not sign for it, a change that waits."""

    def act(session: Session, now: datetime) -> Activation:
        home, user = _who()
        key_guard.require_sound_log(current_app, session)
        return key_changes.activate(session, home, g.org, key_id, user, now)

    return _perform(key_id, act, lambda done: _done(key_id, _activation(done)))


@bp.post("/<org>/keys/<int:key_id>/approve")
@needs(Right.KEYS)
@recently_proven
def approve(org: str, key_id: int) -> ResponseReturnValue:
    """The second owner's yes to a change."""

    def act(session: Session, now: datetime) -> Activation:
        home, user = _who()
        key_guard.require_sound_log(current_app, session)
        return key_changes.approve(session, home, g.org, key_id, user, now)

    return _perform(key_id, act, lambda done: _done(key_id, _activation(done)))


@bp.post("/<org>/keys/<int:key_id>/cancel")
@needs(Right.KEYS)
@recently_proven
def cancel(org: str, key_id: int) -> ResponseReturnValue:
    """Any owner's no to a change."""

    def act(session: Session, now: datetime) -> None:
        home, user = _who()
        key_changes.cancel(session, home, g.org, key_id, user, now)

    return _perform(key_id, act, lambda _: _gone())


@bp.post("/<org>/keys/<int:key_id>/discard")
@needs(Right.KEYS)
@recently_proven
def discard(org: str, key_id: int) -> ResponseReturnValue:
    """A key that waits goes."""

    def act(session: Session, now: datetime) -> None:
        registering.discard(session, g.org, key_id, current_user.user.id, now)

    return _perform(key_id, act, lambda _: _gone())


@bp.post("/<org>/keys/<int:key_id>/revoke")
@needs(Right.KEYS)
@recently_proven
def revoke(org: str, key_id: int) -> ResponseReturnValue:
    """Nothing is sealed to this key any more, in any process, from now on."""
    form = RevokeForm(data=typed())

    def act(session: Session, now: datetime) -> dict[str, object]:
        if not form.validate():
            raise KeyAction(form.really.errors[0])
        home, user = _who()
        return {"state": activating.revoke(session, home, g.org, key_id, user, now).status}

    return _perform(key_id, act, lambda done: _done(key_id, done))


@bp.post("/<org>/key-changes/<int:change_id>/approve")
@needs(Right.SECOND_YES)
@recently_proven
def approve_as_operator(org: str, change_id: int) -> ResponseReturnValue:
    """The operator's yes to an org's change, in place of a second owner's."""
    home, user = _who()
    try:
        with writing() as session:
            change = session.get(KeyChange, change_id)
            if change is None or change.key_id is None:
                abort(404)
            key_guard.require_sound_log(current_app, session)
            owner = session.get_one(Org, change.org_id)
            key_changes.approve(session, home, owner, change.key_id, user, clock.now())
    except key_refusals.REFUSALS as refusal:
        return key_refusals.as_page(refusal)
    _feel()
    return see_other(url_for("start.show", org=org))


def _perform(
    key_id: int, act: Act[T], tell: Callable[[T], ResponseReturnValue], *, felt: bool = True
) -> ResponseReturnValue:
    """One act on a key of `g.org`, in one transaction; a refusal becomes the key's page with the reason.

    `felt`: it changes what is sealed to, or what people are told.
    """
    try:
        with writing() as session:
            done = act(session, clock.now())
    except key_refusals.REFUSALS as refusal:
        return key_refusals.answer(refusal, key_id)
    if felt:
        _feel()
    return tell(done)


def _feel() -> None:
    """What was done to a key is felt at once, here and in the guard."""
    key_guard.follow(current_app)
    wordings.refresh_wordings()
    page_cache.forget(current_app)
    queue.wake("mail")


def _done(key_id: int, answer: dict[str, object]) -> ResponseReturnValue:
    return jsonify(answer) if wants_json() else see_other(url_for("keys.show", org=g.org.name, key_id=key_id))


def _gone() -> ResponseReturnValue:
    return jsonify(state="gone") if wants_json() else see_other(url_for("keys.index", org=g.org.name))


def _activation(done: Activation) -> dict[str, object]:
    if done.due_at is None:
        return {"state": done.state}
    return {"state": done.state, "due_at": done.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _mark() -> str:
    """What ties a proof to this sign-in; one from before there were marks gets its own."""
    return str(cookie.setdefault("mark", secrets.token_urlsafe(16)))


def _who() -> tuple[HomeKey, int]:
    return encryption.source.home, current_user.user.id
