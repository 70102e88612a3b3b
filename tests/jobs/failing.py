"""What fails under a test: so many times, then it does what it should."""

from collections.abc import Callable
from typing import Any


def failing(error: Exception, times: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """Fails so many times, then does what it should."""
    left = [error] * times

    def act(*given: Any, **named: Any) -> Any:
        if left:
            raise left.pop()
        return real(*given, **named)

    return act
