"""Who is restarted when: OTP's terms, and the messages between a failed actor and its parent."""

from __future__ import annotations

import enum
from typing import Any

import msgspec
import pykka

from actors.config import Intensity
from actors.errors import GreenroomError


class Restart(enum.Enum):
    """When a child is restarted (OTP's `restart`)."""

    PERMANENT = "permanent"
    """Always, also when it stops by itself; not when its parent stops it."""
    TRANSIENT = "transient"
    """When it fails."""
    TEMPORARY = "temporary"
    """Never. It does not outlive a restart of its parent."""


class Directive(enum.Enum):
    """What a parent decides about a failed child."""

    RESTART = "restart"
    """With the arguments that it was started with."""
    STOP = "stop"
    """For good; what waits in its mailbox becomes dead letters."""
    ESCALATE = "escalate"
    """The parent fails with the child's error. Restarted, it restarts the child with an empty window."""


class RestartWith:
    """Restart the child with these arguments, now and later."""

    __slots__ = ("args", "kwargs")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs

    def __repr__(self) -> str:
        return f"RestartWith(*{self.args!r}, **{self.kwargs!r})"


class ChildFailed(msgspec.Struct, frozen=True):
    """A child failed and is suspended until its parent has decided."""

    ref: pykka.ActorRef[Any]
    error: BaseException
    message: Any
    """What it was handling; None when its constructor or `on_start` failed, or it stopped by itself."""
    incarnation: int
    """Which of its lives ended, from 0."""
    restarts: int
    """How many restarts would lie within the intensity's window, were it restarted now: that one included."""


class ChildStopped(msgspec.Struct, frozen=True):
    """A child stopped for good."""

    ref: pykka.ActorRef[Any]


class StoppedItselfError(GreenroomError):
    """What a parent is told as the error of a permanent child that stopped without its parent's order."""


def decide(restart: Restart, restarts: int, intensity: Intensity) -> Directive:
    """OTP's decision: by the type of the child, and not more often than its intensity allows."""
    if restart is Restart.TEMPORARY:
        return Directive.STOP
    return Directive.RESTART if restarts <= intensity.restarts else Directive.ESCALATE
