"""What each role may do: one table that routes, screens and tests ask. A route names *all* the rights it needs."""

from enum import StrEnum

from proca_web.domain.staff_words import StaffRole


class Right(StrEnum):
    """One thing that somebody may do in an org."""

    NUMBERS = "numbers"
    TEXTS = "texts"
    CAMPAIGNS = "campaigns"
    SETTINGS = "settings"
    EXPORTS = "exports"
    TARGETS = "targets"
    KEYS = "keys"
    PEOPLE = "people"
    AUDIT = "audit"
    # Of operators: how the instance is, accounts (made and locked, not looked into), the second yes, their own acts.
    INSTANCE = "instance"
    ACCOUNTS = "accounts"
    SECOND_YES = "second-yes"
    OWN_ACTS = "own-acts"


_R = Right
_WATCHING = frozenset({_R.NUMBERS})
_TRANSLATING = _WATCHING | {_R.TEXTS}
_CAMPAIGNING = _TRANSLATING | {_R.CAMPAIGNS}
_OWNING = _CAMPAIGNING | {_R.SETTINGS, _R.EXPORTS, _R.TARGETS, _R.KEYS, _R.PEOPLE, _R.ACCOUNTS, _R.AUDIT, _R.OWN_ACTS}

TABLE: dict[StaffRole, frozenset[Right]] = {
    StaffRole.OWNER: _OWNING,
    StaffRole.CAMPAIGNER: _CAMPAIGNING,
    StaffRole.TRANSLATOR: _TRANSLATING,
    StaffRole.EXPORTER: _WATCHING | {_R.EXPORTS},
    StaffRole.VIEWER: _WATCHING,
    # In every org; in the Home Org, where no campaign is and no key receives, what stands in OF_HOME.
    StaffRole.OPERATOR: _CAMPAIGNING | {_R.SETTINGS, _R.ACCOUNTS, _R.OWN_ACTS, _R.INSTANCE, _R.SECOND_YES},
}
OF_HOME = frozenset({_R.NUMBERS, _R.INSTANCE, _R.ACCOUNTS, _R.SECOND_YES, _R.OWN_ACTS})
OF_HOME_ALONE = frozenset({_R.INSTANCE, _R.SECOND_YES})
OF_LOCKED = frozenset({_R.NUMBERS})  # what is left to an org's people while it is locked
OF_ORGS = tuple(role for role in StaffRole if role is not StaffRole.OPERATOR)
NEED_SECOND_STEP = frozenset({StaffRole.OPERATOR, StaffRole.OWNER, StaffRole.EXPORTER})


def exists(right: Right, *, at_home: bool) -> bool:
    """Whether there is such a thing to do in the Home Org, or in any other."""
    return right in OF_HOME if at_home else right not in OF_HOME_ALONE


def may_give(role: StaffRole, given: StaffRole) -> bool:
    """Whether somebody in that role may give the other one: nobody gives what they do not hold."""
    return Right.PEOPLE in TABLE[role] and TABLE[given] <= TABLE[role]
