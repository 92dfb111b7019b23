"""What a process does that multiprocessing spawned."""

from __future__ import annotations

from actors import Endpoint, Runtime
from actors.events import TurnCompleted


def ask(endpoint: Endpoint, text: str) -> TurnCompleted:
    """One turn in a runtime of its own."""
    with Runtime(endpoint) as runtime:
        return runtime.spawn().run(text)
