"""What stays of an actor across its incarnations: a `Cell`, which is also its mailbox."""

from __future__ import annotations

import threading
from asyncio import Task
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pykka

from actors.config import Intensity
from actors.kernel.supervision import ChildFailed, Restart
from actors.kernel.upstream import ActorStop, Envelope, reply, reply_error

if TYPE_CHECKING:
    from actors.kernel.dispatcher import Dispatcher
    from actors.kernel.loop_actor import LoopActor
    from actors.kernel.signals import Timer


class Letter(msgspec.Struct):
    """As pykka's `Envelope`, but made in C: every hop makes one."""

    message: Any
    reply_to: pykka.Future[Any] | None = None


class Cell:
    """An actor's mailbox and place in the tree; what the dispatcher schedules and pykka's `actor_inbox`.

    Only the loop's thread changes it, with two exceptions: `put`, and a child's entry in `children`.
    """

    __slots__ = (
        "actor",
        "args",
        "birth_error",
        "children",
        "closed",
        "cls",
        "dispatcher",
        "failure",
        "incarnation",
        "intensity",
        "kwargs",
        "ordered",
        "parent",
        "pending_window",
        "queue",
        "ref",
        "registered",
        "restart",
        "scheduled",
        "started",
        "stopped",
        "suspended",
        "task_count",
        "tasks",
        "timers",
        "urn",
        "window",
    )

    def __init__(
        self,
        dispatcher: Dispatcher,
        cls: type[LoopActor],
        *,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        parent: Cell | None = None,
        restart: Restart = Restart.TEMPORARY,
        intensity: Intensity | None = None,
    ) -> None:
        self.dispatcher = dispatcher
        self.cls = cls
        self.args = args
        self.kwargs = kwargs
        self.parent = parent
        self.restart = restart
        self.intensity = intensity
        self.urn = dispatcher.ids()
        self.queue: deque[Envelope[Any] | Letter] = deque()
        self.stopped = threading.Event()
        self.ref: pykka.ActorRef[Any]
        self.actor: LoopActor | None = None
        self.children: dict[Cell, None] | None = None
        self.tasks: dict[int, Task[Any]] | None = None
        self.timers: dict[Timer, None] | None = None
        self.task_count = 0
        self.incarnation = 0
        self.window: tuple[float, ...] = ()
        """The times of the restarts that count towards `intensity`."""
        self.pending_window: tuple[float, ...] = ()
        """What `window` becomes if the failure is answered by a restart."""
        self.failure: ChildFailed | None = None
        """What the parent has yet to decide on."""
        self.birth_error: BaseException | None = None
        """What the constructor of a supervised actor raised, until the loop can tell the parent."""
        self.closed = False
        self.scheduled = True
        """No wake-up is needed: the cell waits for its turn, has it, is suspended, or not started yet."""
        self.suspended = False
        self.started = False
        self.registered = False
        """In pykka's registry."""
        self.ordered = False
        """The parent asked it to stop, so that a permanent actor is not restarted."""

    def put(self, envelope: Envelope[Any] | Letter, /) -> None:
        """Deliver, from any thread. What can't be delivered becomes a dead letter and its `ask` fails."""
        self.queue.append(envelope)
        # The order matters: whoever closes a cell or takes it off the schedule looks at the queue afterwards,
        # so that either they see this envelope or this thread sees the flag.
        if self.closed:
            self.discard()
        elif not self.scheduled:
            dispatcher = self.dispatcher
            if dispatcher.draining_thread == get_ident():
                self.scheduled = True  # as `schedule` does, which would cost a call a hop
                dispatcher.ready.append(self)
            elif dispatcher.on_loop():
                dispatcher.schedule(self)
            else:
                dispatcher.wake(self)
        elif envelope.reply_to is not None and self.dispatcher.loop.is_closed():
            self.dispatcher.abandon()

    def get(self) -> Envelope[Any]:
        """The next envelope; IndexError when there is none."""
        letter = self.queue.popleft()
        return Envelope(letter.message, letter.reply_to)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self.queue

    def discard(self) -> None:
        """Make dead letters of all that waits, from any thread; stop requests are granted, as pykka does."""
        while True:
            try:
                envelope = self.queue.popleft()
            except IndexError:
                return
            if envelope.message.__class__ is ActorStop:
                reply(envelope.reply_to, None)
                continue
            self.dispatcher.dead_letter(self.ref, envelope.message, "the actor has stopped")
            if envelope.reply_to is not None:
                error = pykka.ActorDeadError(f"{self.ref} stopped before handling the message")
                reply_error(envelope.reply_to, error)

    @property
    def state(self) -> Literal["idle", "ready", "suspended", "stopped"]:
        """Where it stands: suspended means that it failed and its parent has yet to decide."""
        if self.closed:
            return "stopped"
        if self.suspended:
            return "suspended"
        return "ready" if self.scheduled or self.queue else "idle"

    @property
    def restarts(self) -> int:
        """How often it was restarted in all."""
        return self.incarnation

    @property
    def inbox_size(self) -> int:
        """How many messages wait."""
        return len(self.queue)

    @property
    def actor_class(self) -> str:
        """The name of the actor's class."""
        return self.cls.__name__

    def __str__(self) -> str:
        return str(self.ref)
