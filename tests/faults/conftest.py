from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import actors.log
from actors import runtime
from tests.faults.stage import TRANSPORTS, MovedLoop, Stage
from tests.log.keeping import assert_kept


@pytest.fixture(params=TRANSPORTS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Every test runs over both transports, and leaves nothing behind."""
    with Stage(request.param) as stage:
        yield stage
        stage.assert_at_rest()


@pytest.fixture(autouse=True)
def _log(tmp_path: Path) -> Iterator[None]:
    """Whatever went wrong, the log told it in the schema's words."""
    path = tmp_path / "faults.jsonl"
    with actors.log.to_file(path):
        yield
    assert_kept(path)


@pytest.fixture(params=TRANSPORTS)
def moved(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The same, with a clock that the test puts forward."""
    monkeypatch.setattr(runtime, "choose_loop", lambda _: MovedLoop)
    with Stage(request.param) as stage:
        yield stage
        stage.assert_at_rest()
