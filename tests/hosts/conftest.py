"""A provider that answers, for hosts of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors.provider import Reply, ScriptedProvider


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider(default=Reply("fine")) as provider:
        yield provider
