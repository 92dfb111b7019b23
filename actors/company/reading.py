"""Agents from TOML files. A file holds a table for each, with the fields of `Agent`.

Such as::

    [agent.planner]
    description = "Makes plans."
    instructions = "Make a plan, and have the worker carry it out."
    endpoint = "house"                              # one of Runtime(endpoints=...)
    tools = ["worker", "house.tools:look"]          # another agent as a tool, or "package.module:name"
    handoffs = ["critic", { agent = "billing", keep = "last_turn" }]
    returns = "house.types:Plan"
    settings = { max_steps = 20, body = { temperature = 0 } }

What is named "package.module:name" is imported: a file is as much to be trusted as a module.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from actors.company.agent import Agent
from actors.company.handoff import Handoff
from actors.errors import ConfigError
from actors.sources import made, read_tables

_BY_NAME = ("hooks", "on_approval")
"""Settings that are objects, which a file can only name."""


def read_agents(path: str | os.PathLike[str]) -> tuple[Agent, ...]:
    """All agents of a file, in its order; raises as `Agent.all_from_toml`."""
    file = Path(path)
    tables = read_tables(file, "agent", "agent")
    return tuple(_from_table(f"{file}: agent.{name}", name, table) for name, table in tables.items())


def _from_table(where: str, name: str, table: Any) -> Agent:
    if not isinstance(table, dict):
        raise ConfigError(where, "must be a table of settings")
    said = dict(table)
    for field in ("tools", "handoffs"):
        if isinstance(said.get(field), list):
            said[field] = tuple(_one(where, field, each) for each in said[field])
    if "returns" in said:
        said["returns"] = _imported(where, "returns", said["returns"])
    if isinstance(said.get("settings"), dict):
        named = {
            key: _imported(where, key, said["settings"][key]) for key in _BY_NAME if key in said["settings"]
        }
        said["settings"] = said["settings"] | named
    return made(Agent, {"name": name, **said}, where)


def _one(where: str, field: str, given: Any) -> Any:
    """A tool, or a hand-off: what is imported, another agent's name, or a table."""
    if isinstance(given, str) and ":" in given:
        return _imported(where, field, given)
    if field == "handoffs" and isinstance(given, dict):
        keep = given.get("keep", "all")
        by_name = {"keep": _imported(where, "keep", keep)} if ":" in str(keep) else {}
        return made(Handoff, given | by_name, where)
    return given


def _imported(where: str, field: str, name: Any) -> Any:
    """What "package.module:name" stands for.

    Raises:
        ConfigError: there is no such thing; what the module itself raises is told.
    """
    module, _, rest = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not module or not rest:
        raise ConfigError(f"{where}: {field}", f'must be "package.module:name", got {name!r}')
    try:
        found: Any = importlib.import_module(module)
        for part in rest.split("."):
            found = getattr(found, part)
    except Exception as error:
        raise ConfigError(f"{where}: {field}", f"{name!r} can't be imported: {error!r}") from error
    return found
