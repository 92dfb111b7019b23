from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors import runtime
from tests.faults.stage import TRANSPORTS, MovedLoop, Stage


@pytest.fixture(params=TRANSPORTS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Every test runs over both transports, and leaves nothing behind."""
    with Stage(request.param) as stage:
        yield stage
        stage.assert_at_rest()


@pytest.fixture(params=TRANSPORTS)
def moved(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The same, with a clock that the test puts forward."""
    monkeypatch.setattr(runtime, "choose_loop", lambda _: MovedLoop)
    with Stage(request.param) as stage:
        yield stage
        stage.assert_at_rest()
