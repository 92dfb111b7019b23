"""What the actors of one runtime share: passed in, never global, so that a simulator can replace each."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Hashable
from typing import Any

import msgspec
import pykka

from actors.admission import Door
from actors.company.exchange import Exchange
from actors.company.family import Family
from actors.config import Endpoint, RuntimeConfig
from actors.core.slots import Slots
from actors.ledger import Counters, Ledger
from actors.log.record import Log
from actors.mcp.state import McpState
from actors.tools.pool import Pool
from actors.transport import HttpTransport


class Transports:
    """One connection pool an endpoint, whatever the model; opened when needed, used on the runtime's loop only."""

    def __init__(self, make: Callable[[Endpoint], HttpTransport] = HttpTransport) -> None:
        self._make = make
        self._open: dict[Hashable, HttpTransport] = {}

    def get(self, endpoint: Endpoint) -> HttpTransport:
        """The endpoint's pool."""
        pool = endpoint.pool
        transport = self._open.get(pool)
        if transport is None:
            transport = self._open[pool] = self._make(endpoint)
        return transport

    async def aclose(self) -> None:
        """Close all pools."""
        while self._open:
            _, transport = self._open.popitem()
            await transport.aclose()


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Shared by a runtime's actors."""

    config: RuntimeConfig
    transports: Transports
    log: Log
    counters: Counters
    rng: random.Random
    """Jitter."""
    ids: Callable[[], uuid.UUID]
    """For sessions, requests and actors."""
    sessions: dict[str, Ledger]
    """By session id; those that have not ended. Supervisors are found by their urn in `supervisors`."""
    supervisors: dict[str, Ledger]
    """By the supervisor's urn."""
    exchange: Exchange
    """What sessions ask each other, and their rooms."""
    family: Family
    """The sessions that have no parent."""
    root: list[pykka.ActorRef[Any]]
    """The root supervisor, once the guardian has started it."""
    rss: Callable[[], int]
    """The process's resident memory in bytes."""
    door: Door
    """Counts the runtime's turns."""
    mcp: tuple[McpState, ...]
    """The MCP servers."""
    threads: Pool
    """For what would block the loop: tools and callbacks that are plain functions."""
    slots: Slots | None
    """Owned by the root supervisor, whose failures they outlive; None: no limit."""
