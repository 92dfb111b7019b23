"""Typed answers in `events.jsonl`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pydantic
import pytest

from actors.events import TurnCompleted
from actors.outcome import Complete
from actors.scenario.outputs import EventsFile, read_events


class Struct(msgspec.Struct):
    seats: list[int]


class Model(pydantic.BaseModel):
    seats: list[int]


@dataclasses.dataclass
class Data:
    seats: list[int]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Struct([1]), {"seats": [1]}),
        (Model(seats=[1]), {"seats": [1]}),
        ([Model(seats=[1])], [{"seats": [1]}]),
        (Data([1]), {"seats": [1]}),
        (2**70, 2**70),
        (None, None),
    ],
)
def test_a_value_is_written_as_json_has_it(value: Any, read: Any, tmp_path: Path) -> None:
    event = TurnCompleted(
        session="s", turn=1, seq=1, timestamp=0.0, text="", thoughts="", usage=(), is_tool_call=False, calls=(),
        refusal="", value=value, outcome=Complete(finish_reason="stop"),
    )  # fmt: skip
    file = EventsFile(tmp_path / "events.jsonl")
    file.write(event)
    file.close()
    assert list(read_events(tmp_path / "events.jsonl")) == [msgspec.structs.replace(event, value=read)]
