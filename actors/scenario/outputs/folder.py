"""`--out`: the folder of one run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.errors import ConfigError
from actors.events import Event
from actors.scenario.outputs.chronicle import Chronicle
from actors.scenario.outputs.events import EventsFile
from actors.scenario.outputs.junit import write_junit
from actors.scenario.outputs.page import Table, report_html
from actors.scenario.outputs.summary import summary_json
from actors.scenario.report import Report


class Folder:
    """Gets `events.jsonl` as the run goes, and `summary.json`, `junit.xml` and `report.html` at its end.

    The log is the runner's own: give it `Folder.log`.

    ::

        with Folder(path) as folder:
            report = run(scenario, settings, display, watchers=(folder.watch,))
            folder.finish(report)

    Args:
        path: made if it is not there; what an earlier run left in it is written over.

    Raises:
        ConfigError: it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._chronicle = Chronicle()
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._events = EventsFile(path / "events.jsonl")
        except OSError as error:
            raise ConfigError("out", f"can't be written: {error}") from None

    @property
    def log(self) -> Path:
        """Where the run's log belongs."""
        return self.path / "log.jsonl"

    def watch(self, event: Event) -> None:
        """Take up the next event of the run."""
        self._events.write(event)
        self._chronicle.apply(event)

    def finish(self, report: Report, tables: Iterable[Table] = ()) -> None:
        """Write what the run came to."""
        self._events.close()
        (self.path / "summary.json").write_bytes(summary_json(report))
        (self.path / "report.html").write_text(
            report_html(report, self._chronicle, tables), encoding="utf-8", errors="backslashreplace"
        )
        write_junit([report], self.path / "junit.xml")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._events.close()
