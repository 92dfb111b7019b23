"""What happens to an actor: it is made, takes its turns, fails, is restarted, stops. All of it on the loop.

::

    construct ─► enter ─► turn ─► turn ─► ... ──────────► terminate
                   │        │                                ▲
                   │        └─► take_failure ─► suspended ───┤ STOP, or the parent ends
                   └───────────────▲              │
                 restart ◄────────────────────────┘ RESTART
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pykka

from actors.core.intensity import add_restart
from actors.kernel.future import FUTURES, when_done
from actors.kernel.ref import LoopRef
from actors.kernel.signals import Piped, TaskDone, TaskResult, Timer
from actors.kernel.supervision import (
    ChildFailed,
    ChildStopped,
    Directive,
    Restart,
    RestartWith,
    StoppedItselfError,
)
from actors.kernel.upstream import (
    PROXY_MESSAGES,
    ActorStop,
    Envelope,
    adopt,
    handle_failure,
    handle_proxy,
    logger,
    reply,
    reply_error,
)
from actors.kernel.upstream import stop as stop_registered

if TYPE_CHECKING:
    from actors.kernel.cell import Cell, Letter
    from actors.kernel.loop_actor import LoopActor

    Signal = Callable[[Cell, Any], Any]


def construct(cell: Cell) -> None:
    """Make the first or next incarnation; what its constructor raises is raised here."""
    kwargs = cell.kwargs if cell.kwargs is not None else {}
    actor = cell.cls.__new__(cell.cls, *cell.args, **kwargs)
    inhabit(cell, actor)  # before `__init__`, so that the actor's ref is right in there
    actor.__init__(*cell.args, **kwargs)  # type: ignore[misc]


def inhabit(cell: Cell, actor: LoopActor) -> None:
    """Let `actor` be the one that lives in the cell."""
    cell.actor = actor
    actor.actor_urn = cell.urn
    actor.actor_inbox = cell
    actor.actor_stopped = cell.stopped
    if cell.incarnation == 0:
        cell.ref = LoopRef(actor)
    adopt(actor, cell.ref)


def turn(cell: Cell, limit: int) -> int:
    """Handle at most `limit` messages, and have another turn if more wait; gives how many it were."""
    if not cell.started and not enter(cell):
        return 0
    mailbox = cell.queue
    handled = 0
    while mailbox and handled < limit:
        handled += 1
        handle(cell, mailbox.popleft())
        if cell.suspended or cell.closed:
            return handled
    cell.scheduled = False
    if mailbox:  # after the flag: see `Cell.put`
        cell.dispatcher.schedule(cell)
    return handled


def enter(cell: Cell) -> bool:
    """Begin an incarnation's life; False if it ended there."""
    if not cell.started:
        if cell.parent is not None and cell.parent.closed:
            terminate(cell)
            return False
        cell.started = True
        cell.dispatcher.notify(cell.dispatcher.observer.on_started, cell)
    error, cell.birth_error = cell.birth_error, None
    if error is not None:
        take_failure(
            cell, error, None, hook=False
        )  # its `on_failure` may need what `__init__` did not get to
        return False
    cell.dispatcher.handled += 1
    try:
        current(cell).on_start()
    except BaseException as raised:  # noqa: BLE001 - whatever it is, the parent decides
        take_failure(cell, raised, None, hook=cell.parent is not None)  # without a parent as pykka
    return not (cell.suspended or cell.closed)


def current(cell: Cell) -> Any:
    """The incarnation that lives; Any, as only a closed cell has none, and that is never run."""
    return cell.actor


def handle(cell: Cell, envelope: Envelope[Any] | Letter) -> None:
    """Handle one message, answer it if it was asked, and take the consequences."""
    message = envelope.message
    reply_to = envelope.reply_to
    cell.dispatcher.handled += 1
    try:
        signal = SIGNALS.get(message.__class__)
        # `current` would cost a call a hop.
        response = cell.actor.on_receive(message) if signal is None else signal(cell, message)  # type: ignore[union-attr]
    except BaseException as error:  # noqa: BLE001 - whatever it is, the asker or the parent gets it
        if reply_to is None:
            take_failure(cell, error, message)
        elif isinstance(error, Exception):
            logger.info("Exception returned from %s to caller:", cell.ref, exc_info=True)
            reply_error(reply_to, error)
        else:
            take_failure(cell, error, message)
            dead = pykka.ActorDeadError(f"{cell.ref} failed while handling the message: {error!r}")
            reply_error(reply_to, dead)
    else:
        if reply_to is None:
            return
        if signal is None and isinstance(response, FUTURES):
            when_done(response, lambda value, error: _reply_later(reply_to, value, error))
        else:
            reply(reply_to, response)


def _reply_later(reply_to: pykka.Future[Any], value: Any, error: BaseException | None) -> None:
    if error is None:
        reply(reply_to, value)
    else:
        reply_error(reply_to, error)


def take_failure(cell: Cell, error: BaseException, message: Any, *, hook: bool = True) -> None:
    """End an incarnation by an exception; on the loop, while it is handled. `hook`: call `on_failure`."""
    dispatcher = cell.dispatcher
    dispatcher.notify(dispatcher.observer.on_failed, cell, error)
    if cell.parent is not None:
        suspend(cell)
        if hook:
            _call_on_failure(cell, error)
        _tell_parent(cell, error, message)
    elif isinstance(error, Exception):
        _end_unsupervised(cell, error, hook=hook)
    else:
        _end_all(cell, error)
    _exit_in_order(cell, error)


def _exit_in_order(cell: Cell, error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        cell.dispatcher.exit(error)


def _end_all(cell: Cell, error: BaseException) -> None:
    # As pykka: a BaseException that nobody supervises stops all actors; but this must not wait for them.
    if cell.registered:
        logger.debug("%r in %s. Stopping all actors.", error, cell.ref)
    terminate(cell)
    pykka.ActorRegistry.stop_all(block=False)
    cell.dispatcher.stop_roots()


def suspend(cell: Cell) -> None:
    """Handle nothing more until the parent has decided."""
    cell.suspended = cell.scheduled = True
    cancel_all(cell)


def _tell_parent(cell: Cell, error: BaseException, message: Any) -> None:
    parent, intensity = cell.parent, cell.intensity
    assert parent is not None  # noqa: S101 - only supervised actors get here
    assert intensity is not None  # noqa: S101 - the same
    if parent.closed:
        terminate(cell)
        return
    cell.pending_window, _ = add_restart(cell.window, cell.dispatcher.now(), intensity)
    cell.failure = ChildFailed(cell.ref, error, message, cell.incarnation, len(cell.pending_window))
    parent.put(Envelope(cell.failure))


def _call_on_failure(cell: Cell, error: BaseException) -> None:
    try:
        current(cell).on_failure(type(error), error, error.__traceback__)
    except BaseException as raised:  # noqa: BLE001 - the actor has failed already
        if cell.registered:
            handle_failure(current(cell))
        _note(cell, raised)


def _note(cell: Cell, error: BaseException) -> None:
    # What a last hook raises changes nothing.
    cell.dispatcher.notify(cell.dispatcher.observer.on_failed, cell, error)
    _exit_in_order(cell, error)


def _end_unsupervised(cell: Cell, error: BaseException, *, hook: bool) -> None:
    # Closed first: the children's last words to their parent are dead letters, and it gets no new children.
    cell.closed = True
    for child in reversed(list(cell.children if cell.children is not None else ())):
        terminate(child)
    cancel_all(cell)
    if cell.registered:
        handle_failure(current(cell))
    else:
        cell.stopped.set()
    if hook:
        _call_on_failure(cell, error)
    _retire(cell)


def cancel_all(cell: Cell) -> None:
    """Cancel the incarnation's tasks and timers; the dispatcher awaits the tasks when it closes."""
    tasks, cell.tasks = cell.tasks, None
    for task in (tasks if tasks is not None else {}).values():
        cell.dispatcher.cancel(task)
    for timer in list(cell.timers if cell.timers is not None else ()):
        timer.cancel()


def terminate(cell: Cell) -> None:
    """Stop an actor now: children first, newest first; `on_stop` unless it failed or never began."""
    if cell.closed:
        return
    cell.closed = True  # first, as above
    if not cell.children:
        _finish(cell)
        return
    under_way = [
        (cell, reversed(list(cell.children)))
    ]  # no recursion: a tree may be deeper than Python's stack
    while under_way:
        parent, children = under_way[-1]
        child = next(children, None)
        if child is None:
            under_way.pop()
            _finish(parent)
        elif not child.closed:
            child.closed = True
            under_way.append((child, reversed(list(child.children if child.children is not None else ()))))


def _finish(cell: Cell) -> None:
    """Have a closed cell stop, whose children have."""
    cancel_all(cell)
    if cell.registered and not cell.started:
        pykka.ActorRegistry.unregister(cell.ref)
    elif not cell.registered:
        cell.stopped.set()
    if cell.started and not cell.suspended:
        _call_on_stop(cell)
    cell.stopped.set()
    _retire(cell)


def _call_on_stop(cell: Cell) -> None:
    try:
        if cell.registered:
            stop_registered(current(cell))
        else:
            current(cell).on_stop()
    except BaseException as raised:  # noqa: BLE001 - it stops all the same
        _note(cell, raised)


def _retire(cell: Cell) -> None:
    dispatcher = cell.dispatcher
    cell.discard()
    parent = cell.parent
    if parent is not None:
        if parent.children is not None:
            parent.children.pop(cell, None)
        if not parent.closed:
            parent.put(Envelope(ChildStopped(cell.ref)))
    dispatcher.forget(cell)
    cell.failure = None
    cell.actor = None  # refs outlive actors: they must not keep them, nor what they were made of
    cell.args, cell.kwargs = (), None
    if cell.started:
        dispatcher.notify(dispatcher.observer.on_stopped, cell)


def restart(cell: Cell) -> None:
    """Begin the next incarnation of a suspended actor; queued messages go on after its `on_start`."""
    cell.failure = None
    cell.window = cell.pending_window
    cell.incarnation += 1
    cancel_all(cell)  # what its last hooks may have begun
    for child in reversed(list(cell.children if cell.children is not None else ())):
        if child.restart is Restart.TEMPORARY:
            terminate(child)
    cell.suspended = False
    try:
        construct(cell)
    except BaseException as error:  # noqa: BLE001 - told to the parent by `enter`
        cell.birth_error = error
    if not enter(cell):
        return
    cell.dispatcher.notify(cell.dispatcher.observer.on_restarted, cell)
    # What the last incarnation did not decide, or failed over; a second copy of one is dropped by `_decide`.
    for child in list(cell.children if cell.children is not None else ()):
        if child.failure is not None:
            cell.queue.append(Envelope(child.failure))
    turn(cell, 0)  # the parent has the turn: what waits is for the next one


def _decide(cell: Cell, failed: ChildFailed) -> None:
    child: Cell = failed.ref.actor_inbox  # type: ignore[assignment]  # only cells make this message
    if child.failure is not failed:
        return
    directive = current(cell).on_child_failed(failed)
    dispatcher = cell.dispatcher
    if directive is Directive.STOP or directive is Directive.ESCALATE:
        if child.restart is not Restart.TEMPORARY:
            dispatcher.notify(dispatcher.observer.on_gave_up, child, failed.error)
        if directive is Directive.ESCALATE:
            _start_afresh(child, failed)
            raise failed.error
        terminate(child)
        return
    if isinstance(directive, RestartWith):
        child.args, child.kwargs = directive.args, directive.kwargs
    elif directive is not Directive.RESTART:
        raise TypeError(f"on_child_failed() must give a Directive or a RestartWith, not {directive!r}")
    restart(child)


def _start_afresh(child: Cell, failed: ChildFailed) -> None:
    # As OTP: a restarted supervisor counts restarts from the beginning. It will decide on this child again.
    assert child.intensity is not None  # noqa: S101 - only supervised actors get here
    child.pending_window, _ = add_restart((), child.dispatcher.now(), child.intensity)
    child.failure = msgspec.structs.replace(failed, restarts=len(child.pending_window))


def _child_stopped(cell: Cell, message: ChildStopped) -> None:
    current(cell).on_child_stopped(message.ref)


def _stop(cell: Cell, _: Any) -> None:
    if cell.parent is None or cell.restart is not Restart.PERMANENT or cell.ordered:
        terminate(cell)
        return
    suspend(cell)
    _call_on_stop(cell)
    _tell_parent(cell, StoppedItselfError(f"{cell.ref} stopped by itself"), None)


def _task_done(cell: Cell, message: TaskDone) -> Any:
    if cell.tasks is None or cell.tasks.pop(message.task, None) is None:
        return None
    done = message.done
    if done.cancelled():
        # Not by us, or it would not be in the table: the actor must learn that there will be no result.
        return current(cell).on_receive(TaskResult(message.task, error=asyncio.CancelledError()))
    error = done.exception()
    value = None if error is not None else done.result()
    return current(cell).on_receive(TaskResult(message.task, value, error))


def _timer(cell: Cell, timer: Timer) -> Any:
    return current(cell).on_receive(timer.message) if timer.take() else None


def _piped(cell: Cell, piped: Piped) -> Any:
    if piped.incarnation != cell.incarnation:
        return None
    return current(cell).on_receive(piped.make(piped.value, piped.error))


SIGNALS: dict[type, Signal] = {
    **dict.fromkeys(PROXY_MESSAGES, lambda cell, message: handle_proxy(current(cell), message)),
    ActorStop: _stop,
    ChildFailed: _decide,
    ChildStopped: _child_stopped,
    TaskDone: _task_done,
    Timer: _timer,
    Piped: _piped,
}
"""What is not for `on_receive`; a constant."""

OWN_MESSAGES = frozenset({ActorStop, ChildFailed, ChildStopped, TaskDone, Timer, Piped})
"""What is no letter: nobody misses it when it comes too late."""
