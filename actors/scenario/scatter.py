"""Many runs on all cores, each in a process that shares nothing with the others."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from actors.errors import ScriptError
from actors.scenario.display import Display
from actors.scenario.jobs import Job
from actors.scenario.report import Report


def scattered(jobs: Sequence[Job]) -> Generator[tuple[Job, Report]]:
    """Run them all, and give each with its report as it ends. Closing the iterator ends those that still run.

    Raises:
        ScriptError: a process died of one.
    """
    others = set(multiprocessing.active_children())
    workers = min(_cores(), len(jobs))
    # Spawned, not forked: a fork would inherit whatever threads and loops this process has.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts_to_the_parent)
    try:
        yield from _gathered(pool, jobs, 2 * workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
            child.join()


def _gathered(pool: ProcessPoolExecutor, jobs: Sequence[Job], ahead: int) -> Iterator[tuple[Job, Report]]:
    remaining = iter(jobs)
    running: dict[Future[Report], Job] = {}
    while True:
        for job in islice(remaining, ahead - len(running)):
            running[pool.submit(_perform, job)] = job
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            try:
                report = future.result()
            except BrokenProcessPool:
                raise ScriptError(f"a process died while seeds were run; {job.seed} was among them") from None
            yield job, report


def _perform(job: Job) -> Report:
    return job.perform(Display())


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    """Those that this process may use, where the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
