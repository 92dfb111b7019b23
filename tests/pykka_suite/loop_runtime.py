"""A pytest plugin for pykka's own suite, from outside: its `RUNTIMES` get a bound `LoopActor`.

The suite's `runtime` fixture freezes its parameters when its conftest is imported, so the plugin imports that
module before pytest does and puts a fixture in its place that reads the table again.
"""

from __future__ import annotations

import importlib
import threading
import time
from typing import Any

import pytest

from actors.kernel.dispatcher import Dispatcher
from actors.kernel.future import LoopFuture
from actors.kernel.loop_actor import LoopActor

suite = importlib.import_module("tests.conftest")
types = importlib.import_module("tests.types")
dispatcher = Dispatcher.in_thread("pykka-suite")

suite.RUNTIMES["loop"] = pytest.param(
    types.Runtime(
        name="loop",
        actor_class=dispatcher.bind(LoopActor),
        event_class=threading.Event,
        future_class=LoopFuture,
        sleep_func=time.sleep,
    ),
    id="loop",
)


@pytest.fixture(scope="session", params=suite.RUNTIMES.values())
def runtime(request: pytest.FixtureRequest) -> Any:
    return request.param


setattr(suite, "runtime", runtime)  # noqa: B010 - a module without declarations


def pytest_unconfigure() -> None:
    dispatcher.close()
