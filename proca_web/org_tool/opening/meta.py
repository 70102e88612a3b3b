"""`_meta` binds a copy to its place (protocol 3): the row around a copy must say what the sealed copy says."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from proca_web.domain.rows.export_columns import ExportRow
from proca_web.org_tool.errors import RowRefused
from proca_web.org_tool.keys.held import HeldKey

_ROLES = ("recipient", "recovery")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", re.ASCII)

# From the loosest to the strictest. A column may be stricter than the copy (a lawful opt-out), never looser.
_STRICTNESS = {"true": 0, "": 1, "false": 2}
_AS_COLUMN = {True: "true", None: "", False: "false"}


def read_place(content: dict[str, Any]) -> dict[str, Any]:
    """The `_meta` of an opened copy. Raises RowRefused when it has none that this tool knows."""
    meta = content.get("_meta")
    if not isinstance(meta, dict):
        raise RowRefused("the copy does not say where it belongs (no _meta)")
    if type(meta.get("v")) is not int or meta["v"] != 1:
        raise RowRefused("the copy's _meta is of an unknown version; a newer proca-org may read it")
    return meta


def check_place(meta: dict[str, Any], row: ExportRow, key: HeldKey, home: str) -> None:
    """Refuse a copy that was sealed for another place than its row's. Raises RowRefused with the first difference.

    `home` is the fingerprint of the Home identity behind the sender, empty when that is unchecked.
    """
    if key.org and meta.get("org") != key.org:
        raise RowRefused("encrypted for another org")
    if meta.get("to") != key.fingerprint:
        raise RowRefused("encrypted for another key")
    if meta.get("role") not in _ROLES:
        raise RowRefused("encrypted for an unknown role")
    if meta.get("action") != row.action_ref:
        raise RowRefused("encrypted for another action: the payload belongs to another row")
    if meta.get("ref") != row.contact_ref:
        raise RowRefused("encrypted for another contact_ref")
    if meta.get("campaign") != row.campaign:
        raise RowRefused("encrypted for another campaign")
    if meta.get("page") != row.action_page:
        raise RowRefused("encrypted for another action page")
    if meta.get("consent") != row.consent:
        raise RowRefused("signed under another wording of the consent")
    if home and meta.get("home") != home:
        raise RowRefused("encrypted by another site than the one you trust")


def check_consent(meta: dict[str, Any], row: ExportRow) -> None:
    """Refuse a row whose consent is looser than the one sealed. Raises RowRefused."""
    sealed = meta.get("optIn")
    if not (sealed is None or isinstance(sealed, bool)):
        raise RowRefused("the encrypted consent is neither yes, no nor not asked")
    check_opt_in(row)
    if _STRICTNESS[row.opt_in] < _STRICTNESS[_AS_COLUMN[sealed]]:
        raise RowRefused("opt_in says more than this person agreed to")


def check_opt_in(row: ExportRow) -> None:
    """Refuse a consent that is no consent. Raises RowRefused."""
    if row.opt_in not in _STRICTNESS:
        raise RowRefused("opt_in is neither true, false nor empty")


def sealed_at(meta: dict[str, Any]) -> datetime:
    """The minute in which the copy was sealed. Raises RowRefused."""
    text = meta.get("at")
    if not isinstance(text, str):
        raise RowRefused("the copy does not say when it was encrypted")
    return _minute(text)


@lru_cache(maxsize=4096)
def _minute(text: str) -> datetime:
    if _MINUTE.fullmatch(text):
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass
    raise RowRefused("the copy does not say when it was encrypted")
