"""Everything greenroom raises.

The tree::

    GreenroomError
    ├── UsageError               the caller's own mistake; never retried
    │   ├── ConfigError          a setting that can't be (also a ValueError)
    │   ├── BlockingCallError    a blocking call on a thread whose loop is running
    │   ├── RuntimeClosedError   the runtime is not open (yet, or any more)
    │   │   └── ForkedError      it is open, but in the process that this one was forked from
    │   ├── SessionClosedError   the session has ended
    │   ├── ScriptError          a scenario, or a file of tools, that can't be read or run
    │   ├── NoSuchSessionError   no session of that name is there: there never was, or it has ended
    │   └── SimulationError      what a simulation can't have: real time, threads, sockets, chance without a seed
    ├── AdmissionError           a turn was not accepted, though nothing was wrong with it
    │   ├── QueueFullError       too many run or wait: try again later
    │   └── DrainingError        the runtime takes no new ones
    ├── AskError                 a session's ask of another that got no answer
    │   ├── AskCycleError        the two would wait for each other for ever; carries the path
    │   ├── AskTimeoutError      none came in time (also a TimeoutError)
    │   └── AskCancelledError    the turn that asked has ended
    ├── BudgetError              a session that a budget does not allow
    ├── TurnError                an accepted turn that did not complete
    │   ├── TurnFailedError      carries the terminal `TurnFailed` event
    │   └── TurnCancelledError   carries the terminal `TurnCancelled` event
    ├── ToolError                a tool's own word to the model: raise it in one, and the call's result says so
    ├── ArgumentsError           a model's arguments for a tool that can't be taken; the text is for the model
    ├── McpError                 an MCP server that is not reached, was given up, or did not carry out a call
    │   └── McpStartError        its command can't be started: trying again won't help
    ├── BoardError               a blackboard can't do that; the text is for the model, too
    │   ├── BoardKeyError        there is no such key
    │   ├── BoardValueError      the value is not of the key's type (also a ValueError)
    │   ├── BoardFullError       it holds as many keys as it may
    │   └── VersionConflictError the key has another version by now
    ├── AnswerError              an answer that is not of the type that was asked for; the text is for the model
    └── ProtocolViolation        the other side broke the protocol; becomes a `protocol` outcome

What the other side did wrong is no exception but an outcome (`actors.outcome`), because it travels in
messages and events; only the host that waits for a turn sees it raised, inside a `TurnFailedError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.events import TurnCancelled, TurnFailed
    from actors.outcome import BudgetExceeded


class GreenroomError(Exception):
    """The base of everything that greenroom raises."""


class UsageError(GreenroomError):
    """The caller made a mistake; the message says what to do instead."""


class ConfigError(UsageError, ValueError):
    """A setting that can't be.

    Args:
        field: the setting's dotted name, such as `RetryPolicy.backoff_ms`.
        why: what is wrong with it and what would be right.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str]]:
        return type(self), (self.field, self.why)


class BlockingCallError(UsageError, RuntimeError):
    """A blocking call on a thread whose event loop is running: it would wait for itself."""


class RuntimeClosedError(UsageError, RuntimeError):
    """The runtime is not open: enter it with `with` or `async with` first, and use it inside the block."""


class ForkedError(RuntimeClosedError):
    """The runtime belongs to the process that this one was forked from: make another one here."""


class SessionClosedError(UsageError, RuntimeError):
    """The session has ended and accepts nothing more."""


class NoSuchSessionError(UsageError):
    """No session of that name is there: there never was, or it has ended."""


class ScriptError(UsageError):
    """A scenario script, or a file of tools, that can't be read, or that holds none."""


class SimulationError(UsageError):
    """A simulation met what it can't have, such as real time or a thread; the message says what to use instead."""


class AdmissionError(GreenroomError):
    """A turn was not accepted, though nothing was wrong with it."""


class QueueFullError(AdmissionError):
    """As many turns run or wait as may (`max_queued_turns`), or a room's lines: try again when there is room."""


class DrainingError(AdmissionError):
    """The runtime is draining: it ends the turns that it has, and takes no new ones."""


class AskError(GreenroomError):
    """A session asked another one and got no answer. What else can go wrong there has types of its own.

    These are `NoSuchSessionError`; `AdmissionError`, where the other takes no more turns; and `TurnFailedError` and
    `TurnCancelledError` of the other's turn.
    """


class AskCycleError(AskError):
    """The ask was not made: who is asked waits for who asks already, if by way of others.

    Args:
        path: the sessions by name, each waiting for the next; it begins and ends with the one that asked.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"sessions would wait for each other for ever: {' -> '.join(path)}")
        self.path = path

    def __reduce__(self) -> tuple[type[AskCycleError], tuple[tuple[str, ...]]]:
        return type(self), (self.path,)


class AskTimeoutError(AskError, TimeoutError):
    """No answer came within the deadline; the turn that would have given it is cancelled."""


class AskCancelledError(AskError):
    """The turn that asked has ended, so that nobody waits for the answer."""


class BudgetError(GreenroomError):
    """A session was not spawned, as a budget above it does not allow one more; `outcome` says which.

    Args:
        outcome: the limit, what it allows, and whose it is.
    """

    def __init__(self, outcome: BudgetExceeded) -> None:
        super().__init__(f"no session is spawned: {outcome.message}")
        self.outcome = outcome

    def __reduce__(self) -> tuple[type[BudgetError], tuple[BudgetExceeded]]:
        return type(self), (self.outcome,)


class TurnError(GreenroomError):
    """An accepted turn that did not complete. `event` is its terminal event."""

    event: TurnFailed | TurnCancelled

    def __reduce__(self) -> tuple[type[TurnError], tuple[TurnFailed | TurnCancelled]]:
        return type(self), (self.event,)  # as processes hand it on: it is not made of its text


class TurnFailedError(TurnError):
    """The turn failed for good; `event.outcome` says how, `event.text` is what was shown.

    Args:
        event: the turn's terminal event.
        trouble: which of the troubles that a person can end, such as `key`, `model`, `quota` or `context` (all in
            `actors.core.advice`); None for any other failure.
        advice: what to do about it; empty where the outcome says it.
    """

    def __init__(self, event: TurnFailed, trouble: str | None = None, advice: str = "") -> None:
        what = f"session {event.session} turn {event.turn}: {event.outcome.describe()}"
        super().__init__(f"{what}; {advice}" if advice else what)
        self.event: TurnFailed = event
        self.trouble = trouble
        self.advice = advice


class TurnCancelledError(TurnError):
    """The turn was cancelled; `event.reason` says why, `event.text` is what was shown."""

    def __init__(self, event: TurnCancelled) -> None:
        super().__init__(f"session {event.session} turn {event.turn} was cancelled: {event.reason}")
        self.event: TurnCancelled = event


class ToolError(GreenroomError):
    """Raised by a tool: the call's result is an error of just these words, and the turn goes on.

    Any other exception makes a result too; that one says what crashed, and is logged.
    """


class ArgumentsError(GreenroomError):
    """Arguments that the tool can't take, such as `$.where.city: expected str, got int`.

    The text is for the model: it names each place by its path, and what was expected there.
    """


class McpError(GreenroomError):
    """An MCP server is not reached, was given up, or did not carry out a call; the message says why."""


class McpStartError(McpError):
    """An MCP server's command can't be started; the server is given up at once."""


class AnswerError(GreenroomError):
    """An answer that is not of the type that was asked for, such as `$.cast[2].age: expected int, got str`.

    The text is for the model: it names each place by its path, and what was expected there.
    """


class BoardError(GreenroomError):
    """A blackboard can't do that.

    Args:
        key: which key it is about.
        why: what is wrong.
    """

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.why)


class BoardKeyError(BoardError):
    """No such key was declared."""


class BoardValueError(BoardError, ValueError):
    """A value that is not of its key's type, such as `plan: $[1].title: expected str, got int`, or too long."""


class BoardFullError(BoardError):
    """The board holds as many keys as it may: delete some, or put to those that there are."""


class VersionConflictError(BoardError):
    """The key has another version than was expected: read it again.

    Args:
        key: which.
        expected: the version that it was to have; 0: to hold nothing.
        found: the version that it has; 0: it holds nothing.
    """

    def __init__(self, key: str, expected: int, found: int) -> None:
        has = f"it has version {found} by now" if found > 0 else "it holds nothing by now"
        wanted = f"not {expected}" if expected > 0 else "and was to hold nothing"
        super().__init__(key, f"{has}, {wanted}: read it again")
        self.expected = expected
        self.found = found

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.expected, self.found)


class ProtocolViolation(GreenroomError):  # noqa: N818 - theirs, not an error of ours
    """The other side sent what the protocol does not allow, or more than the limits allow.

    Args:
        kind: one of the kinds of `actors.outcome.Protocol`.
        message: what was wrong, without any of the model's text.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    def __reduce__(self) -> tuple[type[ProtocolViolation], tuple[str, str]]:
        return type(self), (self.kind, self.message)
