"""The fixtures of the tests of companies."""

from __future__ import annotations

import pytest

from actors.events import Event
from tests.company.troupe import make_breakable, record


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Every event that any session makes, in order."""
    return record(monkeypatch)


@pytest.fixture
def _breakable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a session that is sent `BREAK` fail."""
    make_breakable(monkeypatch)
