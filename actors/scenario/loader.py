"""From a path to the scenario that lies there."""

from __future__ import annotations

from pathlib import Path

from actors.errors import ScriptError
from actors.scenario.declare import Scenario
from actors.scripts import run_file


def load(path: Path) -> Scenario:
    """Run a file and give the one scenario in it.

    Raises:
        ScriptError: one line that says what is wrong and what to do. Its `__cause__` is what the file raised; None
            if the file is not at fault: it is missing, or holds no scenario.
    """
    module = run_file(path, "scenario", example="first_night.py")
    found = [value for value in vars(module).values() if isinstance(value, Scenario)]
    own = {scenario.name: scenario for scenario in found if scenario.module == module.__name__}
    if not own:
        raise ScriptError(
            f"{path} holds no scenario: put @scenario (from actors.scenario) on an async function that takes the stage"
        )
    if len(own) > 1:
        raise ScriptError(
            f"{path} holds several scenarios ({', '.join(own)}): keep each in a file of its own"
        )
    return next(iter(own.values()))
