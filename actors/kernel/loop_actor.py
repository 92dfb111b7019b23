"""The actor type that pykka lacks: its mailbox is drained on an asyncio loop, so it costs no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pykka

from actors.config import Intensity
from actors.errors import UsageError
from actors.kernel import future as futures
from actors.kernel import lifecycle
from actors.kernel.cell import Cell, Letter
from actors.kernel.future import LoopFuture
from actors.kernel.signals import Piped, TaskDone, TaskResult, Timer
from actors.kernel.supervision import ChildFailed, Directive, Restart, RestartWith, decide
from actors.kernel.upstream import Envelope

if TYPE_CHECKING:
    from actors.kernel.dispatcher import Dispatcher

A = TypeVar("A", bound="LoopActor")


class LoopActor(pykka.Actor):
    """A pykka actor on a dispatcher: `dispatcher.spawn(cls, ...)`, or pykka's `dispatcher.bind(cls).start()`.

    Handlers are synchronous and must not block: what takes time is a task, a timer or another actor. One may
    return a future as its reply. The helpers below are for the actor's own handlers, on the loop.
    """

    _dispatcher: ClassVar[Dispatcher | None] = None

    actor_inbox: Cell

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        # Whoever looks into `__dict__` has CPython make one, and then each attribute takes longer for good.
        if not hasattr(self, "actor_inbox"):  # else the cell was given one before the constructor ran
            if self._dispatcher is None:
                name = type(self).__name__
                raise UsageError(f"{name} has no dispatcher: use dispatcher.bind({name}).start()")
            cell = Cell(self._dispatcher, type(self))
            cell.registered = True
            lifecycle.inhabit(cell, self)

    # What pykka documents for implementors of new actor types.

    @staticmethod
    def _create_actor_inbox() -> Cell:
        raise UsageError("a LoopActor's inbox comes with its dispatcher")

    @staticmethod
    def _create_future() -> LoopFuture[Any]:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        try:
            self.actor_inbox.dispatcher.start(self.actor_inbox)
        except BaseException:
            pykka.ActorRegistry.unregister(self.actor_ref)
            raise

    # Messages

    def send(self, ref: pykka.ActorRef[Any], message: Any) -> None:
        """Tell, and never raise: what can't be delivered is a dead letter."""
        inbox = ref.actor_inbox
        if isinstance(inbox, Cell):
            inbox.put(Letter(message))
        elif ref.is_alive():
            inbox.put(Envelope(message))
        else:
            self.actor_inbox.dispatcher.dead_letter(ref, message, "the actor is dead")

    def ask(self, ref: pykka.ActorRef[Any], message: Any, *, timeout: float | None = None) -> LoopFuture[Any]:
        """Ask an actor of any type; the future is for `pipe`, or a reply. See `actors.kernel.future.ask`."""
        dispatcher = self.actor_inbox.dispatcher
        if not isinstance(ref.actor_inbox, Cell) and not ref.is_alive():
            dispatcher.dead_letter(ref, message, "the actor is dead")
        return futures.ask(ref, message, timeout=timeout, loop=dispatcher.loop)

    def pipe(self, future: Any, make: Callable[[Any, BaseException | None], Any]) -> None:
        """Have `make(value, error)` called in this actor when a future is done, and receive what it gives.

        The future may be of any kind. Nothing comes if the actor was restarted or has stopped meanwhile.
        """
        cell, incarnation = self.actor_inbox, self.incarnation
        futures.when_done(
            future, lambda value, error: cell.put(Envelope(Piped(incarnation, make, value, error)))
        )

    # Children

    def spawn(
        self,
        cls: type[A],
        *args: Any,
        restart: Restart = Restart.TEMPORARY,
        intensity: Intensity = Intensity(),  # noqa: B008 - frozen
        **kwargs: Any,
    ) -> pykka.ActorRef[A]:
        """Start a child, supervised by this actor. See `Dispatcher.spawn`."""
        return self.actor_inbox.dispatcher.spawn(
            cls, *args, parent=self.actor_ref, restart=restart, intensity=intensity, **kwargs
        )

    def kill(self, ref: pykka.ActorRef[Any]) -> None:
        """Stop a child at once, not behind its queue: its `on_stop` runs, what waits becomes dead letters.

        Does nothing if it is dead.

        Raises:
            UsageError: it is no child of this actor.
        """
        cell = ref.actor_inbox
        if not isinstance(cell, Cell) or cell.parent is not self.actor_inbox:
            raise UsageError(f"{self} can't kill {ref}, which is not its child")
        self._require_loop("kill")
        lifecycle.terminate(cell)

    def on_child_failed(self, failed: ChildFailed) -> Directive | RestartWith:
        """Decide about a child that failed; it is suspended until then.

        By default its restart type and intensity decide: a temporary child stops, another is restarted, and
        past its intensity this actor fails with its error. Raising fails this actor too, and its next
        incarnation decides again.
        """
        child: Cell = failed.ref.actor_inbox  # type: ignore[assignment]  # only cells have parents
        assert child.intensity is not None  # noqa: S101 - the same
        return decide(child.restart, failed.restarts, child.intensity)

    def on_child_stopped(self, ref: pykka.ActorRef[Any]) -> None:
        """Called after a child has stopped for good, also when this actor killed it."""

    # Tasks and timers

    def spawn_task(self, coro: Coroutine[Any, Any, Any], *, name: str | None = None) -> int:
        """Run a coroutine; its end arrives as a `TaskResult` through `on_receive`.

        It is cancelled before the actor is restarted or stops; what was cancelled so sends nothing. Only
        `Dispatcher.aclose` waits for its clean-up.

        Returns:
            The task's number, never given twice to one actor.

        Raises:
            UsageError: this is not the loop's thread; a constructor may run elsewhere, `on_start` does not.
            ActorDeadError: the actor has stopped.
        """
        cell = self.actor_inbox
        try:
            self._require_life("spawn_task")
        except BaseException:
            coro.close()
            raise
        cell.task_count += 1
        number = cell.task_count
        task = cell.dispatcher.loop.create_task(_exit_in_order(coro, cell.dispatcher), name=name)
        if cell.tasks is None:
            cell.tasks = {}
        cell.tasks[number] = task

        def ended(done: asyncio.Task[Any]) -> None:
            coro.close()  # a task that was cancelled before its first step has not touched it
            # Looked at here, as the actor may stop before it comes to it, and asyncio would complain.
            error = None if done.cancelled() else done.exception()
            if cell.tasks is not None and cell.tasks.get(number) is done:
                cell.put(Envelope(TaskDone(number, done)))
            elif error is not None:
                result = TaskResult(number, error=error)
                cell.dispatcher.dead_letter(cell.ref, result, "a cancelled task failed")

        task.add_done_callback(ended)
        return number

    def cancel_task(self, task: int) -> None:
        """Cancel a task; nothing of it arrives any more, even if it has ended already."""
        self._require_loop("cancel_task")
        tasks = self.actor_inbox.tasks
        running = None if tasks is None else tasks.pop(task, None)
        if running is not None:
            self.actor_inbox.dispatcher.cancel(running)

    def send_after(self, delay: float, message: Any) -> Timer:
        """Send this actor a message in `delay` seconds, unless it is restarted or stops before.

        Raises:
            UsageError: this is not the loop's thread.
            ActorDeadError: the actor has stopped.
        """
        self._require_life("send_after")
        return Timer(self.actor_inbox, delay, message)

    def _require_loop(self, what: str) -> None:
        if not self.actor_inbox.dispatcher.on_loop():
            raise UsageError(f"{what}() is for handlers and on_start: this is not the loop's thread")

    def _require_life(self, what: str) -> None:
        self._require_loop(what)
        if self.actor_inbox.closed:
            raise pykka.ActorDeadError(f"{self} has stopped: no {what}() any more")

    @property
    def incarnation(self) -> int:
        """How often this actor was restarted."""
        return self.actor_inbox.incarnation


async def _exit_in_order(coro: Coroutine[Any, Any, Any], dispatcher: Dispatcher) -> Any:
    # asyncio lets these two out of a task and through `run_forever`: the loop would go before the actors.
    try:
        return await coro
    except (KeyboardInterrupt, SystemExit) as error:
        dispatcher.exit(error)
        raise RuntimeError(f"a task raised {error!r}") from error


__all__ = ["ChildFailed", "Directive", "LoopActor", "Restart", "RestartWith", "TaskResult", "Timer"]
