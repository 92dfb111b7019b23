"""`@scenario`: what makes an async function a scenario."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeAlias, overload

from actors.errors import ScriptError
from actors.scenario.params import parameters_of

Script: TypeAlias = Callable[..., Coroutine[Any, Any, None]]
"""Takes the `Stage`, and keyword-only parameters with types and defaults."""

SESSIONS = 10
"""How many sessions a scenario has that does not say."""


class Scenario:
    """A scenario as its file declares it. Made by `@scenario`.

    Args:
        script: what it does.
        sessions: how many sessions it has unless the one who runs it says otherwise.
        tags: words to choose it by: `--tag`.
        any_model: whether it leaves the provider alone, so that a real model may stand in for it.
    """

    def __init__(
        self, script: Script, *, sessions: int, tags: Iterable[str] = (), any_model: bool = False
    ) -> None:
        name = getattr(script, "__name__", repr(script))
        if not inspect.iscoroutinefunction(script):
            raise ScriptError(f"@scenario takes an async function: write `async def {name}(stage)`")
        if sessions < 1:
            raise ScriptError(f"@scenario(sessions={sessions}): a scenario needs at least one session")
        if isinstance(tags, str):
            raise ScriptError(f"@scenario(tags={tags!r}): tags are several: write tags=({tags!r},)")
        self.script = script
        self.name = name
        self.module = script.__module__
        self.file = script.__code__.co_filename
        self.sessions = sessions
        self.tags = tuple(tags)
        self.any_model = any_model
        self.parameters = parameters_of(script)
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
def scenario(
    *, sessions: int = SESSIONS, tags: Iterable[str] = (), any_model: bool = False
) -> Callable[[Script], Scenario]: ...
def scenario(
    script: Script | None = None,
    /,
    *,
    sessions: int = SESSIONS,
    tags: Iterable[str] = (),
    any_model: bool = False,
) -> Scenario | Callable[[Script], Scenario]:
    """Declare an async function that takes a `Stage` to be the scenario of its file.

    Use it as `@scenario` or as `@scenario(sessions=50)`. The function's keyword-only arguments are its parameters:
    `async def storm(stage, *, failures: int = 3)` takes `--set failures=5`.

    Args:
        script: the function.
        sessions: how many sessions it has unless the one who runs it says otherwise: `stage.sessions`.
        tags: words to choose it by: `--tag`.
        any_model: whether it leaves the provider alone, so that a real model may stand in for it (`--mode live`): it
            gives `stage.spawn` no plays, does not touch `stage.provider`, and expects no certain words.

    Raises:
        ScriptError: it is no async function, has no sessions, or takes what can't be set.
    """
    if script is not None:
        return Scenario(script, sessions=sessions, tags=tags, any_model=any_model)
    return lambda script: Scenario(script, sessions=sessions, tags=tags, any_model=any_model)
