"""What a record says, as the attributes of a span or an event. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from actors.log.schema import Stamped
from actors.otel.names import ATTRIBUTES

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACE: Final = ("session", "agent", "turn", "step")


def nanoseconds(record: Stamped) -> int:
    """When a record was written, in Unix nanoseconds."""
    return (record.timestamp - EPOCH) // timedelta(microseconds=1) * 1000


def said(record: Stamped, fields: tuple[str, ...]) -> dict[str, Any]:
    """Those of its fields that it has, under their names in the conventions."""
    values = ((field, getattr(record, field, None)) for field in fields)
    return {ATTRIBUTES[field]: _plain(value) for field, value in values if value is not None}


def _plain(value: Any) -> Any:
    # An attribute that is a list has no gaps; "no finish reason" is one in the log.
    return [str(item) for item in value if item is not None] if isinstance(value, tuple) else value
