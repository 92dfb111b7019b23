"""What a runtime needs of the world outside its loop: in one place, so that a simulator can stand in for all of it."""

from __future__ import annotations

import os
from collections.abc import Callable

import msgspec

from actors.config import Endpoint
from actors.kernel.dispatcher import Dispatcher
from actors.stats import resident_bytes
from actors.tools.pool import Pool, Threads
from actors.transport import HttpTransport


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The real one by default. Clock, ids and randomness are arguments of the `Runtime` itself."""

    dispatcher: Callable[..., Dispatcher] = Dispatcher
    """Makes what drains the mailboxes, on the loop that it is given."""
    transport: Callable[[Endpoint], HttpTransport] = HttpTransport
    """Makes an endpoint's pool of connections."""
    threads: Callable[[int], Pool] = Threads
    """Makes the pool of so many threads for what would block the loop."""
    pid: Callable[[], int] = os.getpid
    """The process, for the log."""
    rss: Callable[[], int] = resident_bytes
    """Its resident memory in bytes, for the log."""
