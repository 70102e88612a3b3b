"""Reading the NDJSON export: a `proca:action:2` message a line, and a last line that tells whether any is missing."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from proca_web.domain.rows.export_columns import ENCRYPTED, ExportRow
from proca_web.org_tool.reading.completeness import Completeness
from proca_web.org_tool.reading.csv_export import Entry
from proca_web.org_tool.reading.lines import ENDLESS, Damaged, is_endless

ACTION = "proca:action:2"
END = "proca:export:end"

# Where each column stands in a message. What is missing is empty, as in the CSV.
_PLACES = {
    "seq": ("seq",),
    "action_id": ("actionId",),
    "action_ref": ("actionRef",),
    "action_type": ("action", "actionType"),
    "created_at": ("action", "createdAt"),
    "campaign": ("campaign", "name"),
    "action_page": ("actionPage", "name"),
    "testing": ("action", "testing"),
    "repeat": ("repeat",),
    "contact_ref": ("contact", "contactRef"),
    "opt_in": ("privacy", "optIn"),
    "given_at": ("privacy", "givenAt"),
    "email_status": ("privacy", "emailStatus"),
    "consent": ("privacy", "consent"),
    "payload": ("personalInfo", "payload"),
    "nonce": ("personalInfo", "nonce"),
    "public_key": ("personalInfo", "encryptKey", "public"),
    "sign_key": ("personalInfo", "signKey", "public"),
    "sign_key_cert": ("personalInfo", "signKey", "cert"),
    "sign_key_not_before": ("personalInfo", "signKey", "notBefore"),
    "sign_key_not_after": ("personalInfo", "signKey", "notAfter"),
    "sealed_by": ("sealedBy",),
    "area": ("contact", "area"),
    "utm_source": ("tracking", "source"),
    "utm_medium": ("tracking", "medium"),
    "utm_campaign": ("tracking", "campaign"),
    "utm_content": ("tracking", "content"),
    "custom_fields": ("action", "customFields"),
    "receipt": ("receipt",),
}
_DEFAULTS = {"email_status": "none", "custom_fields": "{}"}


class _Unreadable(ValueError):
    pass


def rows(lines: Iterable[tuple[int, bytes]], whole: Completeness) -> Iterator[Entry]:
    """Each message with its line's number, as an ExportRow or as Damaged; `whole` hears of them and of the end line."""
    for number, raw in lines:
        if not raw.strip():
            continue
        try:
            message = _message(raw)
            if message.get("schema") == END:
                count = message.get("count")
                whole.mark(count if type(count) is int and count >= 0 else None)
                continue
            entry: ExportRow | Damaged = _row(message)
        except _Unreadable as error:
            entry = ENDLESS if is_endless(raw) else Damaged(str(error))
        except (ValueError, RecursionError):
            entry = Damaged("a field of the message cannot be read")
        whole.row(entry.seq if isinstance(entry, ExportRow) else "")
        yield number, entry
    whole.end()


def _message(raw: bytes) -> dict[str, Any]:
    try:
        message = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise _Unreadable("the line is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _Unreadable("the line is cut, or it is not JSON") from error
    if not isinstance(message, dict) or message.get("schema") not in (ACTION, END):
        raise _Unreadable(f"the line is not a {ACTION} message")
    return message


def _row(message: dict[str, Any]) -> ExportRow:
    texts = (_text(_at(message, _PLACES[name]), name) or _DEFAULTS.get(name, "") for name in ENCRYPTED)
    return ExportRow._make(texts)


def _at(message: dict[str, Any], place: tuple[str, ...]) -> Any:
    value: Any = message
    for name in place:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _Unreadable(f"{'.'.join(place)} is not where it should be")
        value = value.get(name)
    return value


def _text(value: Any, name: str) -> str:
    """The text the CSV would show: booleans `true`/`false`, missing empty, custom fields compact and sorted."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if name == "custom_fields" and isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    raise _Unreadable(f"{name} is of the wrong kind")
