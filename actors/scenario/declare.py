"""`@scenario`: what makes an async function a scenario."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, overload

from actors.errors import ScriptError
from actors.scenario.stage import Stage

Script: TypeAlias = Callable[[Stage], Coroutine[Any, Any, None]]

SESSIONS = 10
"""How many sessions a scenario has that does not say."""


class Scenario:
    """A scenario as its file declares it. Made by `@scenario`.

    Args:
        script: what it does.
        sessions: how many sessions it has unless the one who runs it says otherwise.
        any_model: whether it leaves the provider alone, so that a real model may stand in for it.
    """

    def __init__(self, script: Script, *, sessions: int, any_model: bool = False) -> None:
        name = getattr(script, "__name__", repr(script))
        if not inspect.iscoroutinefunction(script):
            raise ScriptError(f"@scenario takes an async function: write `async def {name}(stage)`")
        if sessions < 1:
            raise ScriptError(f"@scenario(sessions={sessions}): a scenario needs at least one session")
        self.script = script
        self.name = name
        self.module = script.__module__
        self.file = script.__code__.co_filename
        self.sessions = sessions
        self.any_model = any_model
        doc = inspect.getdoc(script)
        self.story = "" if doc is None else doc.partition("\n")[0]
        """The first line of its docstring."""

    def __repr__(self) -> str:
        return f"<Scenario {self.name!r}>"

    def main(self) -> None:
        """Do what `greenroom run` does with this file and the arguments of the process, and exit."""
        from actors.scenario.command import run  # noqa: PLC0415 - the command imports this module

        run.main([self.file, *sys.argv[1:]], prog_name=f"python {self.file}")


@overload
def scenario(script: Script, /) -> Scenario: ...
@overload
def scenario(*, sessions: int = SESSIONS, any_model: bool = False) -> Callable[[Script], Scenario]: ...
def scenario(
    script: Script | None = None, /, *, sessions: int = SESSIONS, any_model: bool = False
) -> Scenario | Callable[[Script], Scenario]:
    """Declare an async function that takes a `Stage` to be the scenario of its file.

    Use it as `@scenario` or as `@scenario(sessions=50)`.

    Args:
        script: the function.
        sessions: how many sessions it has unless the one who runs it says otherwise: `stage.sessions`.
        any_model: whether it leaves the provider alone, so that a real model may stand in for it (`--local`): it
            gives `stage.spawn` no plays, does not touch `stage.provider`, and expects no certain words.

    Raises:
        ScriptError: it is no async function, or has no sessions.
    """
    if script is not None:
        return Scenario(script, sessions=sessions, any_model=any_model)
    return lambda script: Scenario(script, sessions=sessions, any_model=any_model)
