"""A line of the log to its record: the counterpart of `actors.log.encode`. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec

from actors.log.schema import NAMES, TAG, Record


class OtherRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename={**NAMES, "event": TAG}):
    """A record whose event this version does not know, or not so: what every record has, and where it belongs."""

    timestamp: datetime
    level: str
    event: str
    message: str
    seq: int
    run_id: str
    pid: int
    session: str | None = None
    turn: int | None = None
    step: int | None = None
    attempt: int | None = None


AnyRecord: TypeAlias = Record | OtherRecord

_KNOWN: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)
_OTHER: Final[msgspec.json.Decoder[OtherRecord]] = msgspec.json.Decoder(OtherRecord)


def decode(line: bytes) -> AnyRecord:
    """Read a line. Fields that this version does not know are passed over.

    Raises:
        ValueError: it is no record; `msgspec.DecodeError` where it is not even JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return _KNOWN.decode(line)
    except msgspec.ValidationError:
        return _OTHER.decode(line)
