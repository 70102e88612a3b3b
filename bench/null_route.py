"""The real app with one route more that does nothing: what everything is measured against."""

from typing import cast

from proca_web.web.access import Realm, Rule, enforcing
from wsgi import app


@app.get("/null")
def null() -> str:
    """Nothing, with the same hooks and headers as everything else."""
    return "ok"


# The app closes its table of who may do what when it is made; this route comes after that.
cast(dict[str, Rule], enforcing.rules_of(app))["null"] = Rule("public", Realm.PUBLIC, lambda: None)

__all__ = ["app"]
