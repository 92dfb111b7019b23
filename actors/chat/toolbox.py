"""What a talk's model may do: the tools of files that a person names, and who is asked before they run."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from actors.approvals import Approvals, Rule, Verdict
from actors.core.permission import judge
from actors.errors import GreenroomError, ScriptError, UsageError
from actors.scripts import beside, run_file
from actors.tools.tool import Tool
from actors.turns.toolset import Toolset, check_tools

PATIENCE_S: Final = 3600.0
"""How long a call waits at the prompt: there is a person, who may have gone for lunch."""


class Toolbox(NamedTuple):
    """A session's tools, and the policy on them."""

    tools: tuple[Any, ...] = ()
    approvals: Approvals | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What a session is spawned with."""
        return {"tools": self.tools, "approvals": self.approvals}

    def describe(self) -> Iterator[str]:
        """A line a tool: its name, whether its calls are asked about, and what it is for."""
        tools = Toolset(self.tools)
        policy = Approvals() if self.approvals is None else self.approvals
        for definition in tools.definitions():
            name, about = definition["function"]["name"], definition["function"].get("description", "")
            first, _, _ = about.partition("\n")
            yield f"{name} ({judge(policy, name, {}).verdict}): {first}"


NO_TOOLS: Final = Toolbox()


def toolbox(
    files: Sequence[str], *, approve: Sequence[str] = (), allow: Sequence[str] = (), deny: Sequence[str] = ()
) -> Toolbox:
    """The tools of files, and the policy that options say; the most careful one that fits a tool counts.

    Args:
        files: paths of Python files, or names of modules.
        approve: globs on names of tools whose calls are asked about; so are those that no glob fits.
        allow: of those that run unasked.
        deny: of those that never run.

    Raises:
        UsageError: one line that says what is wrong and what to do.
    """
    if not files:
        if approve or allow or deny:
            raise UsageError("--approve, --allow and --deny are about tools: say which with --tools FILE.py")
        return NO_TOOLS
    tools = tuple(tool for name in files for tool in _tools_of(name))
    check_tools(tools)
    verdicts: tuple[tuple[Verdict, Sequence[str]], ...] = (("deny", deny), ("ask", approve), ("allow", allow))
    rules = tuple(Rule(glob, verdict) for verdict, globs in verdicts for glob in globs)
    _check_globs([*approve, *allow, *deny], tools)
    return Toolbox(tools, Approvals(rules=rules, otherwise="ask", timeout=PATIENCE_S))


def _tools_of(name: str) -> tuple[Any, ...]:
    module = _module(name)
    named = getattr(module, "TOOLS", None)
    if named is not None and not isinstance(named, list | tuple):
        raise ScriptError(f"{name}: TOOLS is {named!r}: make it a list of tools")
    given = [value for value in vars(module).values() if isinstance(value, Tool)] if named is None else named
    try:
        check_tools(given)
    except UsageError as error:
        raise ScriptError(f"{name}: {error}") from error
    if not given:
        raise ScriptError(
            f"{name} holds no tool: put @tool (from actors) on a function, or list some in TOOLS"
        )
    return tuple(given)


def _module(name: str) -> ModuleType:
    path = Path(name)
    if path.suffix == ".py" or path.exists() or len(path.parts) > 1:
        return run_file(path, "tool", example="tools.py")
    try:
        with beside(Path.cwd()):
            return importlib.import_module(name)
    except GreenroomError as error:
        raise ScriptError(f"{name}: {error}") from error
    except (Exception, SystemExit) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise ScriptError(
            f"{name} can't be imported ({said}): name a file such as tools.py, or a module"
        ) from error


def _check_globs(globs: Sequence[str], tools: Sequence[Any]) -> None:
    # A misspelt name would quietly ask about, or deny, nothing.
    known = Toolset(tools).names
    for glob in globs:
        if not any(
            judge(Approvals(rules=(Rule(glob, "deny"),)), name, {}).verdict == "deny" for name in known
        ):
            raise UsageError(f"{glob!r} fits none of the tools: there are {', '.join(known)}")
