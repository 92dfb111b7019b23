"""The log's format for lnav (lnav.org), made of the schema. Pure."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Final

from actors.log.schema import EVENTS, NAMES, TAG

_KINDS: Final = {int: "integer", float: "float", bool: "boolean"}
_SPOKEN_FOR: Final = {"timestamp", "level", "message", NAMES["session"]}
_NAMED: Final = {NAMES["run_id"], NAMES["model"], NAMES["error_type"], NAMES["tool_name"], "outcome"}
"""What lnav colours by its value."""


def lnav_format() -> dict[str, Any]:
    """The format file, as JSON-like data.

    Fields beyond the line are there for SQL, and shown by `:show-fields`. A session is an operation: `o` goes to the
    next record of the same one.
    """
    session = NAMES["session"]
    columns = [
        {"field": "__timestamp__"},
        {"field": "__level__", "min-width": 8},
        {"field": TAG, "min-width": 31},
        {"field": session, "min-width": 12, "default-value": ""},
        {"field": "message"},
    ]
    return {
        "$schema": "https://lnav.org/schemas/format-v1.schema.json",
        "greenroom_log": {
            "title": "greenroom",
            "description": "The log of greenroom, a line of JSON a record.",
            "json": True,
            "timestamp-field": "timestamp",
            "level-field": "level",
            "level": {
                "trace": "TRACE",
                "debug": "DEBUG",
                "info": "INFO|SUCCESS",
                "warning": "WARNING",
                "error": "ERROR",
                "critical": "CRITICAL",
            },
            "body-field": "message",
            "opid-field": session,
            "line-format": [part for column in columns for part in (column, " ")][:-1],
            "value": dict(_values()),
        },
    }


def _values() -> Iterator[tuple[str, dict[str, Any]]]:
    for shown in (TAG, NAMES["session"]):
        yield shown, {"kind": "string", "identifier": True}
    for kind in EVENTS.values():
        hints = typing.get_type_hints(kind)
        for name, said in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
            if said not in _SPOKEN_FOR:
                yield said, {"kind": _kind(hints[name]), "identifier": said in _NAMED, "hidden": True}


def _kind(hint: Any) -> str:
    """What lnav calls a type; what is neither a number nor absent is shown as it is."""
    several = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return next((_KINDS[it] for it in several if it in _KINDS), "string")
