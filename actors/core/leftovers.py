"""What is still there when everything was closed, on a real loop or a simulated one."""

from __future__ import annotations

import msgspec


class Leftovers(msgspec.Struct, frozen=True, kw_only=True):
    """By name; all empty, and so false, where everything has ended."""

    actors: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    timers: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, kind) for kind in self.__struct_fields__)
