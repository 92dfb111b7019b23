"""What a trace is made of, before any SDK has seen it. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A point in a span's time; in Unix nanoseconds, as all times here."""

    name: str
    at: int
    attributes: dict[str, Any]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A finished span, with those beneath it."""

    name: str
    kind: Literal["internal", "client"]
    begun: int
    ended: int
    attributes: dict[str, Any]
    events: tuple[Event, ...] = ()
    children: tuple[Span, ...] = ()
    error: str | None = None
    """What went wrong, in a line; None if nothing did."""
    tokens: tuple[int, int] | None = None
    """What all attempts of a request cost, in and out, as far as it was measured."""
    ran: float | None = None
    """How long a tool ran, in seconds, with all attempts and without the waits before; None of what is no tool."""


class Draft:
    """A span that has not ended yet."""

    def __init__(
        self, name: str, kind: Literal["internal", "client"], begun: int, attributes: dict[str, Any]
    ) -> None:
        self.name, self.kind, self.begun, self.seen = name, kind, begun, begun
        self.attributes = attributes
        self.events: list[Event] = []
        self.children: list[Span] = []
        self.error: str | None = None
        self.tokens: tuple[int, int] | None = None
        self.ran: float | None = None

    def event(self, name: str, at: int, attributes: dict[str, Any]) -> None:
        """Something happened in it."""
        self.seen = at
        self.events.append(Event(name=name, at=at, attributes=attributes))

    def end(self, at: int) -> Span:
        """It is over."""
        return Span(
            name=self.name,
            kind=self.kind,
            begun=self.begun,
            ended=max(at, self.begun),
            attributes=self.attributes,
            events=tuple(self.events),
            children=tuple(self.children),
            error=self.error,
            tokens=self.tokens,
            ran=self.ran,
        )
