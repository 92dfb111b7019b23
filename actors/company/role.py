"""Who a session is at present: what follows from its agent and from what the host said, layer upon layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from actors.company.agent import Agent
from actors.company.handoff import Handoff, as_handoff
from actors.config import Endpoint, SessionConfig
from actors.endpoints import Endpoints
from actors.errors import ConfigError
from actors.overrides import replace


class Role(msgspec.Struct, frozen=True):
    """A session's settings, and whose they are."""

    agent: Agent | None
    endpoint: Endpoint
    config: SessionConfig
    given: Mapping[str, Any]
    """What the host said to `spawn`, `endpoint` included."""
    otherwise: Endpoint | None = None
    """Where its model answers where neither says so; None: the runtime's own."""

    @property
    def name(self) -> str | None:
        """The agent's."""
        return None if self.agent is None else self.agent.name


class TurnRole(msgspec.Struct, frozen=True):
    """The settings of a turn."""

    session: Role
    """What they are laid over."""
    given: Mapping[str, Any]
    """What the host said for this turn, `endpoint` included."""
    endpoint: Endpoint
    config: SessionConfig


class Agents:
    """The agents of a runtime by name, and the roles that sessions play.

    Args:
        agents: all with names of their own.
        endpoints: where their models answer.
        base: what sessions get that are not given their own.

    Raises:
        ConfigError: a name is there twice, or an agent says what can't be; the text says which one.
    """

    def __init__(self, agents: Iterable[Agent], endpoints: Endpoints, base: SessionConfig) -> None:
        self._endpoints = endpoints
        self._base = base
        self._named: dict[str, Agent] = {}
        for agent in agents:
            if not isinstance(agent, Agent):
                raise ConfigError("agents", f"{agent!r} is no Agent")
            if agent.name in self._named:
                raise ConfigError("agents", f"{agent.name!r} is there twice: give one of them another name")
            self._named[agent.name] = agent
        if base.tools or base.handoffs:
            self._base = self._laid(base, {"tools": base.tools, "handoffs": base.handoffs})
        for agent in self._named.values():
            self._check(agent)

    @property
    def named(self) -> Mapping[str, Agent]:
        """All, by name."""
        return MappingProxyType(self._named)

    def find(self, wanted: Agent | str) -> Agent:
        """The agent itself, or the one of that name.

        Raises:
            ConfigError: there is none.
        """
        if isinstance(wanted, Agent):
            return wanted
        if wanted not in self._named:
            known = ", ".join(self._named)
            have = f"there are {known}" if known else "Runtime(agents=...) was given none"
            raise ConfigError("agent", f"no agent is named {wanted!r}; {have}")
        return self._named[wanted]

    def role(
        self, agent: Agent | str | None, given: Mapping[str, Any], *, otherwise: Endpoint | None = None
    ) -> Role:
        """The role of a new session: the host's word counts more than the agent's.

        Args:
            agent: who it is; None: nobody in particular.
            given: settings by name, as `SessionConfig` has them, and `endpoint`.
            otherwise: the endpoint, where neither says one; None: the runtime's own.

        Raises:
            ConfigError: a setting is unknown or can't be, or there is no such agent or endpoint.
        """
        found = None if agent is None else self.find(agent)
        said = otherwise if found is None or found.endpoint is None else found.endpoint
        endpoint = self._endpoints.find(given.get("endpoint", said))
        config = self._laid(self._base, {} if found is None else found.changes, endpoint)
        return Role(found, endpoint, self._laid(config, given), given, otherwise)

    def successor(self, role: Role, agent: Agent) -> Role:
        """The role of a session that is another agent's from now on: the agent's word counts more than the host's.

        Nothing stays of what the last agent said. Raises as `role`.
        """
        given = role.given
        said = given.get("endpoint", role.otherwise) if agent.endpoint is None else agent.endpoint
        endpoint = self._endpoints.find(said)
        config = self._laid(self._laid(self._base, given, endpoint), agent.changes)
        return Role(agent, endpoint, config, given, role.otherwise)

    def for_turn(self, role: Role, given: Mapping[str, Any]) -> TurnRole:
        """The role in a turn: the turn's own word counts most. Raises as `role`."""
        chosen = self._endpoints.find(given["endpoint"]) if "endpoint" in given else None
        config = self._laid(role.config, given, chosen)
        return TurnRole(role, given, role.endpoint if chosen is None else chosen, config)

    def for_rest_of_turn(self, role: Role, agent: Agent, given: Mapping[str, Any]) -> TurnRole:
        """As `for_turn`, of a turn that is handed over: the agent's word counts more, but for what is to be returned.

        Whoever waits for the turn has asked for an answer of that type.
        """
        said = {
            name: value for name, value in agent.changes.items() if name != "returns" or name not in given
        }
        if agent.endpoint is not None:
            given = {name: value for name, value in given.items() if name != "endpoint"}
        turn = self.for_turn(role, given)
        return msgspec.structs.replace(turn, config=self._laid(turn.config, said))

    def handoffs(self, config: SessionConfig) -> tuple[tuple[Handoff, Agent], ...]:
        """Whom a session of these settings may hand over to, and how."""
        given = tuple(as_handoff(each) for each in config.handoffs)
        for name, times in Counter(handoff.to for handoff in given).items():
            if times > 1:
                raise ConfigError("handoffs", f"{name!r} is there {times} times: leave one")
        return tuple((handoff, self.find(handoff.agent)) for handoff in given)

    def _laid(
        self, config: SessionConfig, changes: Mapping[str, Any], endpoint: Endpoint | None = None
    ) -> SessionConfig:
        said = {name: value for name, value in changes.items() if name != "endpoint"}
        if isinstance(said.get("tools"), list | tuple):
            said["tools"] = tuple(self._tool(tool) for tool in said["tools"])
        made = replace(config, said, endpoint)
        if "handoffs" in said:
            self.handoffs(made)
        return made

    def _tool(self, tool: Any) -> Any:
        return self.find(tool).as_tool() if isinstance(tool, Agent | str) else tool

    def _check(self, agent: Agent) -> None:
        try:
            self._laid(self._base, agent.changes)
            if agent.endpoint is not None:
                self._endpoints.find(agent.endpoint)
        except ConfigError as error:
            raise ConfigError(f"agents.{agent.name}.{error.field}", error.why) from None
