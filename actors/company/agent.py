"""`Agent`: who a session is, as data. In Python, or as a table of a TOML file (`actors.company.reading`)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from actors.endpoint import Endpoint
from actors.settings import JsonObject, Settings

if TYPE_CHECKING:
    from actors.tools.tool import Tool

NAME = re.compile(r"[a-zA-Z0-9_-]{1,52}", re.ASCII)
"""So that `transfer_to_NAME` can be a tool's name."""

_OWN = {
    "system": "instructions",
    "model": "model",
    "tools": "tools",
    "returns": "returns",
    "budget": "budget",
    "handoffs": "handoffs",
}
"""Settings of a session that an agent has a field for."""


class Agent(Settings, frozen=True):
    """Who a session is: `Runtime(agents=[...])` knows agents by name, and `spawn(agent=...)` makes a session of one."""

    name: str
    """Letters, digits, `_` and `-`, at most 52; `gen_ai.agent.name` in the log."""
    description: str = ""
    """What it is good for, in words for the model that is to call it, or to choose it."""
    instructions: str | None = None
    """The system message."""
    endpoint: Endpoint | str | None = None
    """Where its model answers, or the name of one of the runtime's; None: where the session's would."""
    model: str | None = None
    """Asked for instead of the endpoint's."""
    tools: Sequence[Any] = ()
    """As a session's. An agent, or the name of one of the runtime's, stands for that agent as a tool."""
    returns: Any = None
    """The type of its answers; None: text."""
    budget: Any = None
    """What it, and whoever it calls, may spend."""
    handoffs: Sequence[Any] = ()
    """Whom it may hand its conversation over to: each a `Handoff`, an agent, or the name of one of the runtime's."""
    settings: JsonObject = msgspec.field(default_factory=dict)
    """Any other setting of a session, by name."""

    def __post_init__(self) -> None:
        for field in ("tools", "handoffs"):
            given: Any = getattr(self, field)
            if isinstance(given, list):
                msgspec.structs.force_setattr(self, field, tuple(given))
        super().__post_init__()
        if not NAME.fullmatch(self.name):
            self._refuse("name", f"{self.name!r} can't be one: letters, digits, '_' and '-', at most 52")
        for name in self.settings:
            if name in _OWN:
                self._refuse("settings", f"must not hold {name!r}: say it with `{_OWN[name]}`")

    @property
    def changes(self) -> dict[str, Any]:
        """What it says of a session's settings, by name."""
        said = {setting: getattr(self, field) for setting, field in _OWN.items()}
        return {**self.settings, **{name: value for name, value in said.items() if value not in (None, ())}}

    def as_tool(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        nested: bool = True,
        timeout: float | None = 600.0,
        **options: Any,
    ) -> Tool:
        """The agent as a tool: each call is a turn of a child session, and its answer is the result.

        Args:
            name: what the tool is called, if not as the agent.
            description: what the model is told of it, if not the agent's description.
            nested: whether the child's events, but for its deltas, are shown among those of the session that calls.
            timeout: seconds that a call may take; None: no limit.
            options: `max_output`, `idempotent`, `retries`, `ends_turn`: see `Tool`.
        """
        from actors.company.calling import agent_tool  # noqa: PLC0415 - a tool runs sessions, an agent is data

        named = self.name if name is None else name
        said = self.description if description is None else description
        return agent_tool(self, name=named, description=said, nested=nested, timeout=timeout, **options)

    @classmethod
    def all_from_toml(cls, path: str | os.PathLike[str]) -> tuple[Agent, ...]:
        """The agents of a TOML file, from its tables `[agent.NAME]`. See `actors.company.reading`.

        Raises:
            ConfigError: the file can't be read, has no such table, or says what can't be.
        """
        from actors.company.reading import read_agents  # noqa: PLC0415 - readers make agents

        return read_agents(path)
