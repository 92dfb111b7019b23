"""From paths and tags to the scenarios that are meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from actors.errors import UsageError
from actors.scenario.declare import Scenario
from actors.scenario.loader import load


def choose(paths: Iterable[Path], tags: Iterable[str] = ()) -> tuple[tuple[Path, Scenario], ...]:
    """The scenarios of these files and folders, in order; of a folder, those that lie right in it, by name.

    Args:
        paths: of files, which must hold one, and of folders, where files that hold none are passed over.
        tags: if there are any, only scenarios that have one of them.

    Raises:
        ScriptError: a file can't be read or loaded, or holds no scenario.
        UsageError: nothing is left.
    """
    wanted = set(tags)
    found = {path.resolve(): (path, scenario) for path, scenario in _found(paths)}
    chosen = tuple(one for one in found.values() if not wanted or wanted & set(one[1].tags))
    if not chosen:
        there = sorted({tag for _, scenario in found.values() for tag in scenario.tags})
        raise UsageError(
            f"no scenario has the tag {' or '.join(sorted(wanted))}: there are {', '.join(there) or 'none'}"
            if found
            else "there is no scenario: write one with `greenroom new scenario NAME`"
        )
    return chosen


def _found(paths: Iterable[Path]) -> Iterator[tuple[Path, Scenario]]:
    for path in paths:
        if not path.is_dir():
            yield path, load(path)
            continue
        for file in sorted(path.glob("*.py")):
            if "@scenario" in file.read_text("utf-8", errors="replace"):
                yield file, load(file)


def lines(chosen: Iterable[tuple[Path, Scenario]]) -> Iterator[str]:
    """What there is, for `--list`: a line a scenario, its story and parameters under it."""
    for path, scenario in chosen:
        tags = f"  [{', '.join(scenario.tags)}]" if scenario.tags else ""
        models = ", any model" if scenario.any_model else ""
        yield f"{scenario.name}  {path}  {scenario.sessions} sessions{models}{tags}"
        if scenario.story:
            yield f"    {scenario.story}"
        for parameter in scenario.parameters:
            yield f"    --set {parameter.name}={parameter.default}  ({parameter.annotation})"
