"""Where plain functions run: bounded, cancellable, and never in the way of an exit."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from actors import birthplace
from actors.errors import ForkedError, RuntimeClosedError
from actors.tools.inline import InlinePool
from actors.tools.pool import Pool, Threads

POOLS: list[Callable[[], Pool]] = [lambda: Threads(2), InlinePool]
BOTH = pytest.mark.parametrize("make", POOLS, ids=["threads", "inline"])
WHO = contextvars.ContextVar("who", default="nobody")


class Gate:
    """A function that begins, and ends when it is let."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.thread: threading.Thread | None = None

    def __call__(self, value: Any = None) -> Any:
        self.thread = threading.current_thread()
        self.began.set()
        self.may_end.wait()
        return value

    async def begun(self) -> None:
        await asyncio.to_thread(self.began.wait)


@asynccontextmanager
async def threads(most: int) -> AsyncIterator[Threads]:
    pool = Threads(most)
    yield pool
    pool.close()


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "greenroom-tool"]


@BOTH
def test_the_result_is_the_future_s(make: Callable[[], Pool]) -> None:
    async def host() -> None:
        pool = make()
        assert await pool.run(divmod, 7, 2) == (3, 1)
        assert await asyncio.gather(*[pool.run(abs, -number) for number in range(9)]) == list(range(9))
        with pytest.raises(ZeroDivisionError):
            await pool.run(divmod, 1, 0)
        assert (pool.taken, pool.abandoned) == (0, 0)
        pool.close()

    asyncio.run(host())


@BOTH
@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), StopIteration(), asyncio.CancelledError()]
)
def test_what_would_end_a_loop_is_an_ordinary_error(make: Callable[[], Pool], error: BaseException) -> None:
    def exits() -> None:
        raise error

    async def host() -> None:
        pool = make()
        with pytest.raises(RuntimeError, match=f"the function raised {type(error).__name__}") as caught:
            await pool.run(exits)
        assert caught.value.__cause__ is error
        assert await pool.run(len, "ok") == 2
        pool.close()

    asyncio.run(host())


@BOTH
def test_the_context_is_the_caller_s_copy(make: Callable[[], Pool]) -> None:
    def ask() -> str:
        before = WHO.get()
        WHO.set("the tool")
        return before

    async def host() -> None:
        pool = make()
        WHO.set("the host")
        assert await pool.run(ask) == "the host"
        assert WHO.get() == "the host"
        pool.close()

    asyncio.run(host())


@BOTH
def test_a_cancelled_run_that_has_not_begun_never_does(make: Callable[[], Pool]) -> None:
    ran: list[int] = []

    async def host() -> None:
        pool = make()
        gates = [Gate(), Gate()] if isinstance(pool, Threads) else []
        busy = [pool.run(gate) for gate in gates]
        first, second = pool.run(ran.append, 1), pool.run(ran.append, 2)
        first.cancel()
        for gate in gates:
            gate.may_end.set()
        await asyncio.gather(second, *busy)
        assert ran == [2]
        pool.close()

    asyncio.run(host())


@BOTH
def test_a_closed_pool_takes_nothing_and_cancels_what_waits(make: Callable[[], Pool]) -> None:
    async def host() -> None:
        pool = make()
        gates = [Gate(), Gate()] if isinstance(pool, Threads) else []
        busy = [pool.run(gate, "done") for gate in gates]
        for gate in gates:
            await gate.begun()
        waits = pool.run(abs, -1)
        pool.close()
        assert waits.cancelled()
        with pytest.raises(RuntimeClosedError):
            pool.run(abs, -1)
        for gate in gates:
            gate.may_end.set()
        assert await asyncio.gather(*busy) == ["done"] * len(gates)

    asyncio.run(host())


def test_no_more_threads_than_allowed_and_they_are_used_again() -> None:
    async def host() -> None:
        async with threads(2) as pool:
            gates = [Gate() for _ in range(4)]
            runs = [pool.run(gate, number) for number, gate in enumerate(gates)]
            await gates[0].begun()
            await gates[1].begun()
            assert (pool.taken, gates[2].began.is_set()) == (2, False)
            gates[0].may_end.set()
            assert await runs[0] == 0
            await gates[2].begun()
            assert gates[2].thread is gates[0].thread
            for gate in gates:
                gate.may_end.set()
            assert await asyncio.gather(*runs) == [0, 1, 2, 3]
            assert len({gate.thread for gate in gates}) == 2

    asyncio.run(host())


def test_an_idle_thread_is_used_before_another_is_started() -> None:
    async def host() -> None:
        async with threads(8) as pool:
            before = len(ours())
            first = await pool.run(threading.current_thread)
            assert await pool.run(threading.current_thread) is first
            assert len(ours()) == before + 1

    asyncio.run(host())


def test_an_abandoned_run_keeps_its_thread_until_it_ends() -> None:
    async def host() -> None:
        async with threads(1) as pool:
            hung = Gate()
            run = pool.run(hung)
            await hung.begun()
            run.cancel()
            await asyncio.sleep(0)  # the loop tells of the cancelling in its next turn
            assert (pool.taken, pool.abandoned) == (1, 1)
            waits = pool.run(abs, -1)
            assert not waits.done()
            hung.may_end.set()
            assert await waits == 1
            assert (pool.taken, pool.abandoned) == (0, 0)

    asyncio.run(host())


def test_threads_end_when_the_pool_is_closed() -> None:
    async def host() -> list[threading.Thread]:
        async with threads(2) as pool:
            gates = [Gate(), Gate()]
            runs = [pool.run(gate) for gate in gates]
            for gate in gates:
                await gate.begun()
                gate.may_end.set()
            await asyncio.gather(*runs)
            return [gate.thread for gate in gates if gate.thread is not None]

    for thread in asyncio.run(host()):
        thread.join()
        assert thread.daemon


def test_what_ends_after_its_loop_is_closed_goes_nowhere() -> None:
    gate = Gate()

    async def host() -> None:
        async with threads(1) as pool:
            pool.run(gate)
            await gate.begun()

    asyncio.run(host())
    gate.may_end.set()
    assert gate.thread is not None
    gate.thread.join()


def test_a_tool_that_hangs_does_not_keep_the_interpreter() -> None:
    code = (
        "import asyncio, threading\n"
        "from actors.tools.pool import Threads\n"
        "async def host():\n"
        "    began = threading.Event()\n"
        "    Threads(1).run(lambda: (began.set(), threading.Event().wait()))\n"
        "    await asyncio.to_thread(began.wait)\n"
        "asyncio.run(host())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_has_no_threads_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def host() -> None:
        async with threads(1) as pool:
            assert await pool.run(abs, -1) == 1
            with monkeypatch.context() as patch:
                patch.setattr(birthplace._HERE, "pid", os.getpid() + 1)
                with pytest.raises(ForkedError):
                    pool.run(abs, -1)
                pool.close()  # leaves the parent's as it is
            assert await pool.run(abs, -1) == 1

    asyncio.run(host())
