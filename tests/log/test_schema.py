from __future__ import annotations

from typing import Any

import jsonschema
import msgspec
import pytest

from actors.log.decode import OtherRecord, decode
from actors.log.schema import EVENTS, FIELDS, NAMES, PREFIX, STAMPED, RequestFailed, Stamped, json_schema
from tests.log.keeping import complaints

STAMP: dict[str, Any] = {
    "timestamp": "2025-01-31T12:34:56.789012Z",
    "level": "INFO",
    "event.name": "actors.session.ended",
    "message": "m",
    "schema": 1,
    "seq": 7,
    "run.id": "r",
    "process.pid": 1,
}
ENDED = {**STAMP, "gen_ai.conversation.id": "s", "reason": "closed"}


def read(record: dict[str, Any]) -> Any:
    return decode(msgspec.json.encode(record))


def test_the_schema_is_a_json_schema_of_every_event() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["discriminator"]["mapping"].keys() == EVENTS.keys()
    jsonschema.Draft202012Validator(schema).validate(ENDED)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"reason": None}, "is not of type 'string'"),
        ({"seq": "7"}, "'7' is not of type 'integer'"),
        ({"level": "LOUD"}, "'LOUD' is not one of"),
        ({"colour": 1}, "'colour' was unexpected"),
        ({"session.turn": 1}, "'session.turn' was unexpected"),
    ],
)
def test_what_is_not_of_the_schema_is_noticed(change: dict[str, Any], complaint: str) -> None:
    assert complaints(ENDED) == []
    (found,) = complaints({**ENDED, **change})
    assert complaint in found


def test_a_field_that_is_missing_is_noticed() -> None:
    assert complaints(STAMP | {"reason": "closed"}) == [
        "actors.session.ended: 'gen_ai.conversation.id' is a required property"
    ]


def test_events_and_fields_come_from_the_structs() -> None:
    assert all(name.startswith(PREFIX) for name in EVENTS)
    said = {name for kind in EVENTS.values() for name in kind.__struct_encode_fields__}
    assert set(NAMES.values()) <= said
    assert {*Stamped.__struct_encode_fields__, "event.name"} >= set(STAMPED)
    assert not set(FIELDS.values()) & set(STAMPED)


def test_a_later_version_s_fields_levels_and_events_take_nothing_from_the_rest() -> None:
    later = read({**ENDED, "level": "LOUD", "colour": {"deep": [1]}})
    assert (later.session, later.reason, later.level) == ("s", "closed", "LOUD")
    other = read({**ENDED, "event.name": "actors.tool.called", "session.turn": 3})
    assert isinstance(other, OtherRecord)
    assert (other.event, other.session, other.turn) == ("actors.tool.called", "s", 3)


def test_a_known_event_that_lacks_a_field_is_still_read() -> None:
    failed = read({**ENDED, "event.name": RequestFailed.__struct_config__.tag})
    assert isinstance(failed, OtherRecord)
    assert failed.session == "s"


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"{}", b'{"seq": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_record_raises(line: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        decode(line)
