"""What the one who runs a scenario wants of it: the options of `greenroom run`, and the command that says them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from actors.scenario.report import Mode

if TYPE_CHECKING:  # see actors.scenario.command
    from actors.config import Endpoint
    from actors.scenario.declare import Scenario
    from actors.scenario.runner import Settings


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Options as they were given; what was not given is None."""

    mode: Mode = "wire"
    sessions: int | None = None
    concurrency: int | None = None
    duration: float | None = None
    pace: float = 1.0
    sets: Mapping[str, str] = {}
    """Texts by parameter."""
    base_url: str | None = None
    model: str | None = None
    local: bool = False
    max_turns: int | None = None
    max_tokens_total: int | None = None

    def settings(
        self, scenario: Scenario, *, seed: int, log: str | None, endpoint: Endpoint | None, again: str
    ) -> Settings:
        """How the scenario is run.

        Raises:
            UsageError: a parameter does not exist, or a text is no value of its type.
        """
        from actors.scenario.params import converted  # noqa: PLC0415 - for a run alone
        from actors.scenario.runner import Settings  # noqa: PLC0415 - the same

        known = {parameter.name for parameter in scenario.parameters}
        own = {name: text for name, text in self.sets.items() if name in known}
        return Settings(
            log=log,
            mode=self.mode,
            seed=seed,
            sessions=self.sessions,
            concurrency=self.concurrency,
            duration=self.duration,
            pace=self.pace,
            params=converted(scenario.script, scenario.name, own),
            endpoint=endpoint,
            max_turns=self.max_turns,
            max_tokens=self.max_tokens_total,
            again=again,
        )

    def command(self, begin: str, seed: int) -> str:
        """The command that runs it so again.

        Args:
            begin: what it begins with, up to the file, such as `greenroom run scenarios/first_night.py`.
            seed: the run's.
        """
        options = ["--local"] if self.local else [] if self.mode == "wire" else ["--mode", self.mode]
        for name, value in (*self._said(), ("seed", seed)):
            options += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
        for name, text in self.sets.items():
            options += ["--set", f"{name}={text}"]
        return f"{begin} {shlex.join(options)}"

    def _said(self) -> Iterator[tuple[str, Any]]:
        for name in (
            "base_url",
            "model",
            "sessions",
            "concurrency",
            "duration",
            "max_turns",
            "max_tokens_total",
        ):
            value = getattr(self, name)
            if value is not None:
                yield name.replace("_", "-"), value
        if self.pace != 1.0:
            yield "pace", self.pace
