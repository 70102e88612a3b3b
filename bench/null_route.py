"""The real app with one route more that does nothing: what everything is measured against."""

from wsgi import app


@app.get("/null")
def null() -> str:
    """Nothing, with the same hooks and headers as everything else."""
    return "ok"


__all__ = ["app"]
