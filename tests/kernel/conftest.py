"""Coroutine tests on a loop whose time skips ahead instead of passing, and what the kernel's tests share."""

from __future__ import annotations

import asyncio
import inspect
import selectors
from collections.abc import Callable
from typing import Any

import pykka
import pytest

from actors.kernel.cell import Cell
from actors.kernel.dispatcher import Dispatcher
from actors.kernel.observer import Observer


class VirtualLoop(asyncio.SelectorEventLoop):
    """Where others wait for the next timer, this one moves its clock; without a timer it really waits."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self._flows_from: float | None = None
        super().__init__(_Skipping(self.skip))

    def time(self) -> float:
        return self._skipped if self._flows_from is None else super().time() - self._flows_from

    def skip(self, seconds: float) -> bool:
        """Move the clock; False if it moves by itself."""
        if self._flows_from is None:
            self._skipped += seconds
        return self._flows_from is None

    def flow(self) -> None:
        """From now on time passes: when the loop is closed, asyncio gives its threads a timeout."""
        self._flows_from = super().time() - self._skipped


class _Skipping(selectors.SelectSelector):
    def __init__(self, skip: Callable[[float], bool]) -> None:
        super().__init__()
        self._skip = skip

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        return ready if ready or self._skip(timeout) else super().select(timeout)


class Recorder(Observer):
    """Keeps what it was told, as (hook, actor class, detail)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []

    def of(self, hook: str) -> list[tuple[str, Any]]:
        return [(actor, detail) for name, actor, detail in self.seen if name == hook]

    def on_started(self, cell: Cell) -> None:
        self.seen.append(("started", cell.actor_class, None))

    def on_stopped(self, cell: Cell) -> None:
        self.seen.append(("stopped", cell.actor_class, None))

    def on_failed(self, cell: Cell, error: BaseException) -> None:
        self.seen.append(("failed", cell.actor_class, str(error)))

    def on_restarted(self, cell: Cell) -> None:
        self.seen.append(("restarted", cell.actor_class, cell.incarnation))

    def on_gave_up(self, cell: Cell, error: BaseException) -> None:
        self.seen.append(("gave_up", cell.actor_class, str(error)))

    def on_dead_letter(self, ref: pykka.ActorRef[Any], message: Any, why: str) -> None:
        assert why
        self.seen.append(("dead_letter", ref.actor_class.__name__, message))


class Kernel:
    """Makes dispatchers on the running loop; they are closed when the test is over."""

    def __init__(self) -> None:
        self.opened: list[Dispatcher] = []

    def __call__(self, **settings: Any) -> Dispatcher:
        settings.setdefault("observer", Recorder())
        dispatcher = Dispatcher(asyncio.get_running_loop(), **settings)
        self.opened.append(dispatcher)
        return dispatcher


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def dispatcher() -> Any:
    """Resolved on the loop, by the hook below."""
    return None


@pytest.fixture
def seen() -> Recorder:
    """The observer of the `dispatcher` fixture."""
    return Recorder()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    given: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in wanted}

    async def main(loop: VirtualLoop) -> None:
        kernel = given.get("kernel", Kernel())
        if "dispatcher" in given:
            given["dispatcher"] = kernel(observer=given.get("seen", Recorder()))
        try:
            await pyfuncitem.obj(**given)
        finally:
            for opened in kernel.opened:
                await opened.aclose()
            loop.flow()

    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main(loop))
    return True
