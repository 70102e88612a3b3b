"""Who may use a route, and what comes with that: declared once on its view; `enforcing` keeps to it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flask.typing import ResponseReturnValue

from proca_web.domain.rights import Right
from proca_web.web.access import admitting
from proca_web.web.ratelimit import Limit

V = TypeVar("V", bound=Callable[..., Any])

RULE, LIMIT, FRESH, UPLOADS = "proca_rule", "proca_limit", "proca_fresh", "proca_uploads"
# More than a picture may have: who chooses one that is too large is told so beside it, and loses nothing typed.
MOST_UPLOADED = 25 * 1024 * 1024


class Realm(Enum):
    """What a post must show, and what becomes of an answer."""

    PUBLIC = "public"  # no cookie: a post comes from our own pages, and an answer may say that it can be kept
    LINK = "link"  # the token in the path is the authority: nobody keeps the answer or learns its address
    HOOK = "hook"  # another program, which proves itself to the view: nobody keeps the answer
    CONSOLE = "console"  # a session: a post shows its form token, and nobody keeps the answer


@dataclass(frozen=True, slots=True)
class Rule:
    """What one route declares."""

    who: str
    realm: Realm
    admit: Callable[[], ResponseReturnValue | None]
    limit: Limit | None = None
    no_secrets: bool = False
    fresh: bool = False
    uploads: bool = False
    rights: frozenset[Right] = frozenset()
    is_secret: bool = False  # the address itself: nobody learns it from the next page


def public(view: V) -> V:
    """Everybody; never sets a cookie."""
    return _declare(view, Rule("public", Realm.PUBLIC, admitting.everybody))


def demo_only(view: V) -> V:
    """In the demo only: whoever sits at this machine, and whoever has the key that the demo printed."""
    return _declare(view, Rule("demo_only", Realm.PUBLIC, admitting.in_the_demo))


def token_holder(view: V) -> V:
    """Whoever holds the link: the token in the path is the authority."""
    return _declare(view, Rule("token_holder", Realm.LINK, admitting.everybody))


def provider(view: V) -> V:
    """A mail provider, by a proof of its own that may need the body: the view asks for it before anything else."""
    return _declare(view, Rule("provider", Realm.HOOK, admitting.everybody))


def signing_in(view: V) -> V:
    """Everybody, on the way into the console: the form is tied to the browser that got it."""
    return _declare(view, Rule("signing_in", Realm.CONSOLE, admitting.everybody))


def mailed_to_staff(view: V) -> V:
    """Whoever holds a link that was mailed to staff; the form behind it is tied to the browser that got it."""
    return _declare(view, Rule("mailed_to_staff", Realm.CONSOLE, admitting.everybody, is_secret=True))


def staff(view: V) -> V:
    """Anybody who is signed in."""
    return _declare(view, Rule("staff", Realm.CONSOLE, admitting.signed_in))


def settling_in(view: V) -> V:
    """Anybody who is signed in, also before the second step that they need."""
    return _declare(view, Rule("staff", Realm.CONSOLE, admitting.known))


def needs(*rights: Right) -> Callable[[V], V]:
    """Staff who hold all these rights in the org of the path, which becomes `g.org`; else 403, strangers 404."""
    needed = frozenset(rights)

    def decorate(view: V) -> V:
        return _declare(view, Rule("rights", Realm.CONSOLE, lambda: admitting.holding(needed), rights=needed))

    return decorate


def recently_proven(view: V) -> V:
    """Asks for the second step again unless it was taken within five minutes; then goes on with what was wanted."""
    setattr(view, FRESH, True)
    return view


def limited(limit: Limit) -> Callable[[V], V]:
    """At most so many calls a minute and network; beyond that TooManyRequests."""

    def decorate(view: V) -> V:
        setattr(view, LIMIT, limit)
        return view

    return decorate


def takes_pictures(view: V) -> V:
    """Its form may hold a file; every other route takes a few kilobytes."""
    setattr(view, UPLOADS, True)
    return view


def _declare(view: V, rule: Rule) -> V:
    if hasattr(view, RULE):
        raise TypeError(f"{view.__qualname__} declares access twice")
    setattr(view, RULE, rule)
    return view
