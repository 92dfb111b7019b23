"""What a network does to a response, whatever it says: toxiproxy's toxics, by its names and in its units.

A toxic is laid over the actions of a rendered play and gives other actions, so that a socket and a simulator carry
out the same ones. The units are toxiproxy's (https://github.com/Shopify/toxiproxy#toxics): milliseconds, KB/s,
bytes, and microseconds between two slices. Its `toxicity` is the `chance` of a fault (`actors.provider.plan`).
"""

# ruff: noqa: N801 - toxiproxy's own names

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec

from actors.provider.actions import Action, Close, Finish, Hang, Hold, Repeat, Reset, Send, Wait
from actors.settings import Count, Positive, Settings

Milliseconds = Annotated[float, msgspec.Meta(ge=0)]

_MS = 1000.0
"""Milliseconds in a second, and bytes a second in a KB/s."""
_US = 1_000_000.0
_TICK = 100
"""Toxiproxy splits what passes slowly into what passes in so many milliseconds."""


class Toxic(Settings, frozen=True):
    """What can happen to any response."""

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:
        """The actions as they come out of it.

        Args:
            actions: of one response; the last is one that ends.
            rng: of this response alone.
        """
        raise NotImplementedError


class latency(Toxic, frozen=True):
    """Everything arrives `latency_ms` later, give or take `jitter_ms`, in its order."""

    latency_ms: Milliseconds
    jitter_ms: Milliseconds = 0.0

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:
        """See `Toxic`."""

        def arrival(sent: float, free: float, _: int) -> float:
            late = self.latency_ms + rng.uniform(-self.jitter_ms, self.jitter_ms)
            return max(free, sent + late / _MS)

        return _retimed(actions, arrival)


class bandwidth(Toxic, frozen=True):
    """No more than `rate` KB/s pass."""

    rate: Positive

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:  # noqa: ARG002 - see Toxic
        """See `Toxic`."""
        split = _split(actions, lambda data: _even(data, self.rate * _TICK))
        return _retimed(split, lambda sent, free, size: max(sent, free) + size / (self.rate * _MS))


class slow_close(Toxic, frozen=True):
    """Where the connection would end, it does so `delay` ms later."""

    delay: Milliseconds

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:  # noqa: ARG002 - see Toxic
        """See `Toxic`."""
        for action in actions:
            if isinstance(action, Close | Reset) or (isinstance(action, Finish) and action.close):
                yield Wait(self.delay / _MS)
            yield action


class timeout(Toxic, frozen=True):
    """Nothing passes, and the connection is closed after `timeout` ms; with 0 it is never closed."""

    timeout: Milliseconds

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:  # noqa: ARG002 - see Toxic
        """See `Toxic`."""
        if self.timeout:
            yield Wait(self.timeout / _MS)
            yield Close()
        else:
            yield Hang()


class slicer(Toxic, frozen=True):
    """Each write comes in slices of about `average_size` bytes, `delay` microseconds apart."""

    average_size: Positive
    size_variation: Count = 0
    """A slice holds up to so many bytes more or less; must be less than `average_size`."""
    delay: Count = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size_variation >= self.average_size:
            self._refuse("size_variation", f"must be less than average_size, got {self.size_variation}")

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:
        """See `Toxic`."""

        def slices(data: bytes) -> Iterator[bytes]:
            while data:
                size = self.average_size + rng.randint(-self.size_variation, self.size_variation)
                yield data[:size]
                data = data[size:]

        return _split(actions, slices, Wait(self.delay / _US))


class limit_data(Toxic, frozen=True):
    """The connection is closed once `bytes` bytes of the response have passed."""

    bytes: Count

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:  # noqa: ARG002 - see Toxic
        """See `Toxic`."""
        left = self.bytes
        for action in actions:
            for small in _unrolled(action):
                if isinstance(small, Send) and len(small.data) >= left:
                    yield Send(small.data[:left])
                    yield Close()
                    return
                left -= len(small.data) if isinstance(small, Send) else 0
                yield small


class reset_peer(Toxic, frozen=True):
    """The connection is reset (RST) `timeout` ms after the response begins; nothing of it passes."""

    timeout: Milliseconds = 0.0

    def over(self, actions: Iterator[Action], rng: random.Random) -> Iterator[Action]:  # noqa: ARG002 - see Toxic
        """See `Toxic`."""
        for action in actions:
            if not isinstance(action, Wait | Hold):
                break
            yield action
        yield Wait(self.timeout / _MS)
        yield Reset()


def _split(
    actions: Iterator[Action], cut: Callable[[bytes], Iterator[bytes]], between: Wait | None = None
) -> Iterator[Action]:
    for action in actions:
        if not isinstance(action, Send):
            yield action
            continue
        for data in cut(action.data):
            yield Send(data)
            if between is not None:
                yield between


def _even(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _retimed(actions: Iterator[Action], arrival: Callable[[float, float, int], float]) -> Iterator[Action]:
    """The actions at other moments, in their order.

    Args:
        actions: as the provider sends them.
        arrival: when a write arrives, in seconds from the response's start, given when it was sent, when the one
            before it has arrived, and how many bytes it holds.
    """
    sent = arrived = 0.0
    for action in actions:
        if isinstance(action, Wait):
            sent += action.seconds
            continue
        held = isinstance(action, Hold)
        due = arrival(sent, arrived, len(action.data)) if isinstance(action, Send) else max(sent, arrived)
        if due > arrived:
            yield Wait(due - arrived)
        yield action
        arrived = due
        sent = max(sent, arrived) if held else sent  # nobody knows how long the gate was shut


def _unrolled(action: Action) -> Iterator[Action]:
    """What is repeated without end, one by one."""
    if not isinstance(action, Repeat):
        yield action
        return
    while True:
        yield Send(action.data)
        yield Wait(action.every_s)
