"""Whether a log keeps to its schema, strictly: what the schema does not name must not be there either."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

from actors.log.schema import EVENTS, SCHEMA, TAG, json_schema


@functools.cache
def _validator(event: str) -> jsonschema.Draft202012Validator:
    definitions = json_schema()["$defs"]
    strict = {"additionalProperties": False, "$defs": definitions}
    return jsonschema.Draft202012Validator(definitions[EVENTS[event].__name__] | strict)


def complaints(record: dict[str, Any]) -> list[str]:
    """What is wrong with a record, by the JSON Schema of its event."""
    event = record[TAG]
    return [f"{event}: {error.message}" for error in _validator(event).iter_errors(record)]


def assert_kept(path: Path) -> None:
    """Each line of the file is a record of this schema."""
    for line in path.read_bytes().splitlines():
        record = msgspec.json.decode(line)
        assert record["schema"] == SCHEMA
        assert complaints(record) == []
