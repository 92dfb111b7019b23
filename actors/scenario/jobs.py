"""One run of many: which file, which seed, and where its outputs go. It can be carried to another process."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote

import msgspec

from actors.config import Endpoint
from actors.scenario.declare import Scenario
from actors.scenario.display import Display
from actors.scenario.exported import exported
from actors.scenario.loader import load
from actors.scenario.outputs import Folder
from actors.scenario.report import Report
from actors.scenario.runner import run
from actors.scenario.wanted import Wanted


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is to be."""

    path: str
    name: str
    """The scenario's."""
    seed: int
    wanted: Wanted
    again: str
    """The command that runs it again."""
    log: str | None
    folder: str | None
    """Where what it leaves behind is put; None: it leaves nothing."""
    otel: bool = False
    """Whether its log is sent to OpenTelemetry meanwhile."""

    def with_log(self) -> Job:
        """The same run, with a temporary file for its log if it has no other."""
        if self.log is not None:
            return self
        handle, path = tempfile.mkstemp(prefix=f"greenroom-{self.name}-", suffix=".jsonl")
        os.close(handle)
        return msgspec.structs.replace(self, log=path)

    def perform(
        self, display: Display, endpoint: Endpoint | None = None, scenario: Scenario | None = None
    ) -> Report:
        """Run it, and write what it leaves behind.

        Args:
            display: what is shown meanwhile.
            endpoint: of a live run.
            scenario: if the file is loaded already.
        """
        if scenario is None:
            scenario = load(Path(self.path))
        log = self.with_log().log if self.otel else self.log
        settings = self.wanted.settings(
            scenario, seed=self.seed, log=log, endpoint=endpoint, again=self.again
        )
        with exported(str(log)) if self.otel else contextlib.nullcontext():
            if self.folder is None:
                return run(scenario, settings, display)
            with Folder(Path(self.folder)) as folder:
                report = run(scenario, settings, display, (folder.watch,))
                folder.finish(report)
            return report


def jobs_for(
    chosen: Iterable[tuple[Path, Scenario]],
    wanted: Wanted,
    *,
    seeds: Iterable[int],
    repeat: int,
    log: str | None,
    out: Path | None,
    begin: str,
    otel: bool = False,
) -> Iterator[Job]:
    """All runs that are wanted, a file's one after the other.

    Args:
        chosen: the scenarios and their files.
        wanted: how to run each.
        seeds: of each.
        repeat: how often each of these.
        log: where all log to; None: beside the other outputs, if there are any.
        out: a folder for the outputs, if they are wanted: of the only run, or of a folder for each.
        begin: what the command that runs one again begins with, with `{file}` where the file stands.
        otel: whether the log of each is sent to OpenTelemetry meanwhile.
    """
    plays = [
        (path, scenario, seed, again)
        for path, scenario in chosen
        for seed in seeds
        for again in range(repeat)
    ]
    for path, scenario, seed, again in plays:
        folder = None
        if out is not None:
            label = f"{scenario.name}-seed-{seed}" + (f"-{again + 1}" if repeat > 1 else "")
            folder = out if len(plays) == 1 else out / label
        yield Job(
            path=str(path),
            name=scenario.name,
            seed=seed,
            wanted=wanted,
            again=wanted.command(begin.format(file=quote(str(path))), seed),
            log=str(folder / "log.jsonl") if log is None and folder is not None else log,
            folder=None if folder is None else str(folder),
            otel=otel,
        )
