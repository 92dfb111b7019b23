"""What a rendered play asks of the wire, one small fact each.

The server carries them out on a socket; a simulator can do so in memory. After an action that ends
(`Finish`, `Close`, `Reset`, `Hang`, `Repeat`) no other follows.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from actors.provider.gate import Gate


class Send(msgspec.Struct, frozen=True, gc=False):
    """Write these bytes."""

    data: bytes


class Wait(msgspec.Struct, frozen=True, gc=False):
    """Let so many seconds pass. 0 only separates two writes."""

    seconds: float


class Hold(msgspec.Struct, frozen=True):
    """Go on when the gate is open."""

    gate: Gate


class Finish(msgspec.Struct, frozen=True, gc=False):
    """The response is over by HTTP's rules; the connection may serve another."""

    fault: bool = False
    """Whether a fault cut the content short."""
    close: bool = False
    """Whether the connection ends with the response, by HTTP's rules."""


class Close(msgspec.Struct, frozen=True, gc=False):
    """Close the connection (FIN) with the response cut short."""


class Reset(msgspec.Struct, frozen=True, gc=False):
    """Reset the connection (RST)."""


class Hang(msgspec.Struct, frozen=True, gc=False):
    """Nothing more, until the client goes."""


class Repeat(msgspec.Struct, frozen=True, gc=False):
    """Write these bytes every so many seconds, until the client goes."""

    data: bytes
    every_s: float


Action: TypeAlias = Send | Wait | Hold | Finish | Close | Reset | Hang | Repeat
