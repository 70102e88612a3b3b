"""The second step of signing in, as people type it: six digits of an app, or one of ten recovery codes."""

import secrets
from datetime import timedelta

CODES = 10
STEP_SECONDS = 30
DIGITS = 6
FRESH = timedelta(minutes=5)  # acts that matter ask for a second step no older than this
HALFWAY = timedelta(minutes=10)  # so long a right password waits for its code, and new codes to be kept
RESET_AFTER = timedelta(hours=24)
# Crockford's: none of it is read for another, whatever the handwriting.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8
_MEANT = str.maketrans("OIL", "011")
_SPACERS = str.maketrans("", "", " -\u2010\u2011\u2012\u2013\u00a0\u202f\t")


def new_recovery_codes() -> list[str]:
    """Ten codes, as they are shown: 40 bits each, in two groups."""
    half = _LENGTH // 2
    made = ("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(CODES))
    return [f"{code[:half]}-{code[half:]}" for code in made]


def app_code(typed: str) -> str | None:
    """The six digits of an app, without what people put between them; None when it is something else."""
    code = typed.translate(_SPACERS)
    return code if len(code) == DIGITS and code.isascii() and code.isdigit() else None


def recovery_code(typed: str) -> str | None:
    """A recovery code in its one form; None when it is something else."""
    code = typed.translate(_SPACERS).upper().translate(_MEANT)
    return code if len(code) == _LENGTH and set(code) <= set(_ALPHABET) else None
