from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.events import AttemptUsage
from actors.outcome import Complete

ScriptFile = Callable[[str], Path]
IMPORTS = """
from actors.errors import *
from actors.provider import *
from actors.scenario import Fails, Says, Stage, scenario
"""


class Teller:
    """Tells a session's events, a second apart."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.seq = 0

    def __call__(self, kind: type[Any], *, turn: int = 1, attempt: int = 1, **fields: Any) -> Any:
        self.seq += 1
        return kind(
            session=self.session,
            turn=turn,
            step=1,
            attempt=attempt,
            seq=self.seq,
            timestamp=float(self.seq),
            **fields,
        )

    def terminal(
        self, kind: type[Any], *, text: str = "", usage: tuple[AttemptUsage, ...] = (), **fields: Any
    ) -> Any:
        if kind.__name__ == "TurnCompleted":
            fields = {"is_tool_call": False, "calls": (), "refusal": "", "outcome": Complete(), **fields}
        return self(kind, text=text, thoughts=fields.pop("thoughts", ""), usage=usage, **fields)


Tell = Callable[[str], Teller]


@pytest.fixture
def tell() -> Tell:
    return Teller


@pytest.fixture
def script_file(tmp_path: Path) -> ScriptFile:
    def write(source: str) -> Path:
        path = tmp_path / "played.py"
        path.write_text(IMPORTS + source, encoding="utf-8")
        return path

    return write
