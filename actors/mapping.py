"""Many prompts, a session each, results as they complete."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Self

import msgspec

from actors.birthplace import Birthplace
from actors.client import Session
from actors.errors import AdmissionError
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.stream import TurnHandle, refuse_on_a_loop


class MapResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one prompt: exactly one of `result` and `error` is set."""

    index: int
    """The prompt's place in the input, from 0."""
    prompt: str
    result: TurnCompleted | None = None
    error: BaseException | None = None


class ResultStream:
    """An iterator and asynchronous iterator over `MapResult`s, in completion order."""

    def __init__(self, spawn: Callable[[], Session], prompts: Iterable[str], max_sessions: int) -> None:
        self._spawn = spawn
        self._prompts = enumerate(prompts)
        self._max_sessions = max_sessions
        self._running = 0
        self._lock = threading.Lock()
        self._results: deque[MapResult] = deque()
        self._waiter: LoopFuture[None] | None = None
        self._birthplace = Birthplace()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MapResult:
        refuse_on_a_loop("for ... in runtime.map(...)", "async for ... in runtime.map(...)")
        result = self._next_result()
        if isinstance(result, LoopFuture):
            result.get()
            result = self._results.popleft()
        if result is None:
            raise StopIteration
        return result

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MapResult:
        result = self._next_result()
        if isinstance(result, LoopFuture):
            await result
            result = self._results.popleft()
        if result is None:
            raise StopAsyncIteration
        return result

    def _next_result(self) -> MapResult | LoopFuture[None] | None:
        """A result, or a future for when there is one, or None: there will be no more."""
        self._birthplace.check()
        self._fill()
        with self._lock:
            if self._results:
                return self._results.popleft()
            if self._running == 0:
                return None
            self._waiter = LoopFuture()
            return self._waiter

    def _fill(self) -> None:
        while self._running < self._max_sessions:
            item = next(self._prompts, None)
            if item is None:
                return
            index, prompt = item
            session = self._spawn()
            try:
                handle = session.send(prompt)
            except AdmissionError as error:
                session.close()
                with self._lock:
                    self._results.append(MapResult(index=index, prompt=prompt, error=error))
                return
            with self._lock:
                self._running += 1
            handle.add_done_callback(self._collector(index, prompt, session))

    def _collector(self, index: int, prompt: str, session: Session) -> Callable[[TurnHandle], None]:
        def collect(handle: TurnHandle) -> None:
            try:
                result = MapResult(index=index, prompt=prompt, result=handle.wait(0))
            except Exception as error:  # noqa: BLE001 - kept with its item
                result = MapResult(index=index, prompt=prompt, error=error)
            session.close()
            with self._lock:
                self._running -= 1
                self._results.append(result)
                waiter, self._waiter = self._waiter, None
            if waiter is not None:
                waiter.set(None)

        return collect
