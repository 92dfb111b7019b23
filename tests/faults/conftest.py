from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.stage import TRANSPORTS, Stage


@pytest.fixture(params=TRANSPORTS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Every test runs over both transports, and leaves nothing behind."""
    with Stage(request.param) as stage:
        yield stage
        stage.assert_at_rest()
