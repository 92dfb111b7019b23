"""`events.jsonl`: every event of a run in the order in which it was seen, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from actors.events import Event
from actors.scrub import scrub


class EventsFile:
    """Writes as the run goes, so that an interrupted one leaves what there was.

    Args:
        path: is written anew.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._encoder = msgspec.json.Encoder(enc_hook=_plain)

    def write(self, event: Event) -> None:
        """Append an event. Of what a host published, or a typed answer holds, and JSON can't, its `repr` is kept."""
        try:
            line = self._encoder.encode(event)
        except (ValueError, TypeError, RecursionError, msgspec.MsgspecError):
            line = self._encoder.encode(_speakable(event))
        self._file.write(line)
        self._file.write(b"\n")

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


def read_events(path: Path) -> Iterator[Event]:
    """The events of such a file, in their order."""
    decoder = msgspec.json.Decoder(Event)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)


def _plain(value: Any) -> Any:
    """What msgspec does not know: a pydantic model as JSON has it, anything else as it shows itself."""
    dump = getattr(value, "model_dump", None)
    return repr(value) if dump is None else dump(mode="json")


def _speakable(event: Event) -> Event:
    """The event, with whatever a host put into it made fit for JSON."""
    changes = {
        name: scrub(value if isinstance(value, str) else repr(value))
        for name in ("session", "payload", "reason", "error", "value")
        if (value := getattr(event, name, None)) is not None
    }
    return msgspec.structs.replace(event, **changes)
