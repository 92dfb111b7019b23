"""What a simulation can't have raises, on its thread and while it runs, and says what to use instead.

Libraries may ask for the time all the same, and get the virtual one: they only measure by it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import get_ident
from types import FrameType, ModuleType
from typing import Any

from actors.errors import SimulationError

_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))

_NOW = "stage.now(), or the running loop's time()"
_RNG = "stage.rng, a random source made from the seed"
_THREAD = "spawn a session, or create a task"

_CLOCKS = {
    name: unit
    for unit, names in {
        1: ("time", "monotonic", "perf_counter", "process_time", "thread_time"),
        1_000_000_000: ("time_ns", "monotonic_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns"),
    }.items()
    for name in names
}
_EPOCH_CLOCKS = frozenset({"time", "time_ns"})


class Guard:
    """Stands while a simulation runs.

    Args:
        now: virtual seconds.
        epoch: the Unix time at which they begin.
    """

    def __init__(self, now: Callable[[], float], epoch: float) -> None:
        self._now = now
        self._epoch = epoch
        self._thread = 0
        self._up = False

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Inside the block nothing real is to be had; then everything is as it was."""
        self._thread = get_ident()
        with contextlib.ExitStack() as undo:
            replaced = dict(self._replacements())
            for (owner, name), (_, new) in replaced.items():
                undo.callback(setattr, owner, name, vars(owner)[name])
                setattr(owner, name, new)
            for module, name, new in _imported({id(old): new for old, new in replaced.values()}):
                undo.callback(setattr, module, name, vars(module)[name])
                setattr(module, name, new)
            self._up = True
            undo.callback(self._drop)
            yield

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside the block, which lies in one that is guarded, everything is to be had."""
        self._up = False
        try:
            yield
        finally:
            self._up = True

    def _drop(self) -> None:
        self._up = False

    def _stands(self) -> bool:
        return self._up and get_ident() == self._thread

    # What stands in for what

    def _replacements(self) -> Iterator[tuple[tuple[Any, str], tuple[Any, Any]]]:
        for name, unit in _CLOCKS.items():
            yield self._replaced(time, name, self._clock(name, unit))
        for owner, name, instead in _REFUSED:
            if hasattr(owner, name):
                yield self._replaced(owner, name, self._refusing(owner, name, instead))
        for name in _random_functions():
            yield self._replaced(random, name, self._refusing(random, name, _RNG))
        yield self._replaced(random.Random, "seed", self._seed())
        for cls in (dt.datetime, dt.date):
            yield self._replaced(dt, cls.__name__, self._calendar(cls))

    @staticmethod
    def _replaced(owner: Any, name: str, new: Any) -> tuple[tuple[Any, str], tuple[Any, Any]]:
        return (owner, name), (getattr(owner, name), new)

    def _clock(self, name: str, unit: int) -> Callable[[], float]:
        real: Callable[[], float] = getattr(time, name)
        begins = self._epoch if name in _EPOCH_CLOCKS else 0.0

        def clock() -> float:
            if not self._stands():
                return real()
            if not _measures(_caller()):
                raise _refusal(f"time.{name}()", _NOW)
            moment = (begins + self._now()) * unit
            return moment if unit == 1 else int(moment)

        return clock

    def _refusing(self, owner: Any, name: str, instead: str) -> Callable[..., Any]:
        real: Callable[..., Any] = getattr(owner, name)
        said = (
            f"{getattr(owner, '__module__', '')}.{owner.__name__}.{name}"
            if isinstance(owner, type)
            else (f"{owner.__name__}.{name}")
        )

        def refusing(*args: Any, **kwargs: Any) -> Any:
            if self._stands():
                raise _refusal(f"{said.removesuffix('.__init__')}()", instead)
            return real(*args, **kwargs)

        return refusing

    def _seed(self) -> Callable[..., None]:
        real = random.Random.seed

        def seed(source: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None and self._stands():
                raise _refusal("random.Random() without a seed", f"{_RNG}, or random.Random(seed)")
            real(source, a, version)

        return seed

    def _calendar(self, real: type[Any]) -> type[Any]:
        stands = self._stands

        class Kind(type(real)):  # type: ignore[misc]  # made from what is there
            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, real)

            def __subclasscheck__(cls, subclass: type) -> bool:
                return issubclass(subclass, real)

        def moment(name: str) -> Any:
            def now(_: type[Any], *args: Any, **kwargs: Any) -> Any:
                if stands() and not _measures(_caller()):
                    raise _refusal(f"datetime.{real.__name__}.{name}()", _NOW)
                return getattr(real, name)(*args, **kwargs)

            return classmethod(now)

        moments = {name: moment(name) for name in ("now", "utcnow", "today") if hasattr(real, name)}
        return Kind(real.__name__, (real,), {"__module__": "datetime", **moments})


def _refusal(what: str, instead: str) -> SimulationError:
    return SimulationError(f"{what} in a simulation: use {instead} instead")


def _caller() -> FrameType:
    """Who called what calls this."""
    return sys._getframe(2)  # noqa: SLF001 - documented under this name


def _measures(frame: FrameType) -> bool:
    """Whether it is a library that asks for the time: that may have the virtual one, as scripts may not."""
    name = str(frame.f_globals.get("__name__", ""))
    return name.startswith("actors.scenario.") or _is_library(name, frame.f_globals.get("__file__"))


def _is_library(name: str, file: str | None) -> bool:
    top = name.partition(".")[0]
    return top not in {"actors", "__main__"} and (file is None or file.startswith(_INSTALLED))


def _random_functions() -> list[str]:
    """The functions of the module that share one hidden source."""
    return [
        name
        for name, value in vars(random).items()
        if isinstance(getattr(value, "__self__", None), random.Random)
    ]


_REFUSED: tuple[tuple[Any, str, str], ...] = (
    (time, "sleep", "`await stage.sleep(seconds)`"),
    (os, "urandom", _RNG),
    (random, "_urandom", _RNG),
    (os, "getrandom", _RNG),
    (os, "fork", "wire mode"),
    (os, "system", "wire mode"),
    (uuid, "uuid1", f"uuid.UUID(int=...) of {_RNG}"),
    (uuid, "uuid4", f"uuid.UUID(int=...) of {_RNG}"),
    (threading.Thread, "start", _THREAD),
    (ThreadPoolExecutor, "submit", _THREAD),
    (ProcessPoolExecutor, "submit", _THREAD),
    (
        threading.Condition,
        "wait",
        "`await`: nothing else runs on this thread, so that nobody would ever wake it",
    ),
    (socket.socket, "__init__", "sim.provider, by its endpoint()"),
    (socket, "getaddrinfo", "sim.provider, by its endpoint()"),
    (subprocess.Popen, "__init__", "wire mode"),
)


def _imported(replaced: dict[int, Any]) -> Iterator[tuple[ModuleType, str, Any]]:
    """Where scripts have taken something by its name (`from time import time`)."""
    modules: list[tuple[str, Any]] = list(sys.modules.items())  # some put other objects there
    for name, module in modules:
        file = getattr(module, "__file__", None)
        if name.startswith("actors.") or _is_library(name, file) or not isinstance(module, ModuleType):
            continue
        for variable, value in list(vars(module).items()):
            if id(value) in replaced:
                yield module, variable, replaced[id(value)]
