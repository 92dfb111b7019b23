"""Fan out and gather: many inputs, a child each, and all that came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from actors.company.agent import Agent
from actors.company.calling import Owner, call_agent
from actors.company.pending import Pending
from actors.errors import ConfigError
from actors.events import TurnCompleted

if TYPE_CHECKING:
    from actors.user_input import Input


class Job(msgspec.Struct, frozen=True):
    """An input for an agent."""

    agent: Agent | str | None
    """Who it is for, or the name of one of the runtime's; None: nobody in particular."""
    input: Any
    """As `Session.send` takes it."""


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one job: exactly one of `result` and `error` is set."""

    job: Job
    result: TurnCompleted | None = None
    error: Exception | None = None
    """As `Session.run` and `spawn` raise them; `TimeoutError`: the deadline passed."""


Jobs: TypeAlias = "Iterable[Job | Input]"


def gather(
    owner: Owner,
    jobs: Jobs,
    *,
    agent: Agent | str | None = None,
    at_once: int = 8,
    timeout: float | None = None,
    nested: bool = True,
    **settings: Any,
) -> Pending[tuple[Gathered, ...]]:
    """Run each job as a turn of a child of its own.

    Args:
        owner: whose children: a session, `ToolContext.here`, or a runtime.
        jobs: each a `Job`, or an input for `agent`.
        agent: who the inputs are for that do not say so.
        at_once: how many children work at once.
        timeout: seconds from when it is waited for; what has no answer by then is cancelled. None: no limit.
        nested: whether the children's events are shown in the turn of the call that `owner` is the handle of.
        settings: as in `spawn`.

    Returns:
        To await on a loop, or to `get()` in a thread: what became of each job, in their order. It raises nothing of
        what went wrong in one. Nothing runs before; who stops waiting cancels what runs.

    Raises:
        ConfigError: `at_once` or `timeout` can't be.
    """
    if at_once < 1:
        raise ConfigError("at_once", f"must be at least 1, got {at_once}")
    if timeout is not None and not timeout > 0:
        raise ConfigError("timeout", f"must be above 0, got {timeout}")
    given = tuple(job if isinstance(job, Job) else Job(agent, job) for job in jobs)

    async def work() -> tuple[Gathered, ...]:
        until = None if timeout is None else asyncio.get_running_loop().time() + timeout
        done: dict[int, Gathered] = {}
        left = enumerate(given)

        async def work_off() -> None:
            for index, job in left:
                done[index] = await _carry_out(owner, job, until, nested=nested, settings=settings)

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_once, len(given))):
                workers.create_task(work_off())
        return tuple(done[index] for index in range(len(given)))

    return Pending(work)


async def _carry_out(
    owner: Owner, job: Job, until: float | None, *, nested: bool, settings: dict[str, Any]
) -> Gathered:
    try:
        async with asyncio.timeout_at(until):
            result = await call_agent(owner, job.agent, job.input, nested=nested, **settings)
    except TimeoutError:
        return Gathered(job=job, error=TimeoutError("there was no answer by the deadline"))
    except Exception as error:  # noqa: BLE001 - kept with its job
        return Gathered(job=job, error=error)
    return Gathered(job=job, result=result)
