"""Settings that are read but may be meant otherwise: told at every start, a fault of `check`, no reason to stop."""

import difflib
from collections.abc import Mapping

_NAMES = (
    *("PROCA_DATABASE_URL", "PROCA_DATA_DIR", "PROCA_SECRET_KEY", "PROCA_SECRET_KEY_OLD"),
    *("PROCA_HOME_KEY", "PROCA_HOME_KEY_FILE"),
    *(
        "PROCA_KEYRING_DIR",
        "PROCA_WORKER_KEY_DIR",
        "PROCA_PUBLIC_URL",
        "PROCA_SENDER",
        "PROCA_QUEUE_URL",
        "PROCA_RATELIMIT_URL",
    ),
    *("PROCA_AMQP_URL", "PROCA_TRUSTED_PROXIES", "PROCA_MAIL_SERVER", "PROCA_MAIL_PORT", "PROCA_MAIL_TLS"),
    *("PROCA_MAIL_USERNAME", "PROCA_MAIL_PASSWORD", "PROCA_MAIL_FROM", "PROCA_DEMO", "PROCA_DATABASE_POOLER"),
    *("PROCA_METRICS_ALLOW", "PROCA_MAIL_STALLED_HOURS", "PROCA_MAIL_CONNECTIONS", "PROCA_MAIL_TRANSPORTS"),
    *("PROCA_MAIL_RESOLVER", "PROCA_MAIL_BOUNCE", "PROCA_BOUNCE_SECRET", "PROCA_SECOND_FACTOR"),
)
# Of several lines is TOML alone, whose quotes are its own.
_QUOTES = frozenset("\"'")
# Tests, benchmarks and the organisations' own tool have names of their own.
_OF_OTHERS = ("PROCA_TEST_", "PROCA_BENCH_", "PROCA_ORG_")


def of(env: Mapping[str, str]) -> list[str]:
    """What may be meant otherwise than it is read: unknown `PROCA_*` names, and quotes that came with a value."""
    known = {*_NAMES, *(f"{name}_FILE" for name in _NAMES)}
    found = []
    for name, value in sorted(env.items()):
        if not name.upper().startswith("PROCA_") or name.startswith(_OF_OTHERS):
            continue
        if name not in known:
            near = difflib.get_close_matches(name.upper(), known, 1, 0.8)
            found.append(f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else " that is known here"))
        elif "\n" not in value and (quoted := _quoted(value, is_password="PASSWORD" in name)):
            found.append(f"{name} {quoted}; see the top of .env.example")
    return found


def _quoted(value: str, *, is_password: bool) -> str:
    """What quotes at its ends make of a value; empty where there are none, or one that a password may well have."""
    begins, ends = value[:1] in _QUOTES, value[-1:] in _QUOTES
    if begins and ends and value[0] == value[-1] and len(value) > 1:
        return "has quotes at both ends, which belong to its value"
    if (begins or ends) and not is_password:
        return (
            f"{'begins' if begins else 'ends'} with a quote, which belongs to its value: the other one may be missing"
        )
    return ""
