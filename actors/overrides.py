"""Settings of a session or a turn, laid over those that there were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.answers.spec import answer_spec
from actors.config import Endpoint, SessionConfig
from actors.core.bodies import overlay
from actors.errors import ConfigError
from actors.hooks import Hooks
from actors.prices import load_for
from actors.turns.toolset import check_tools


def replace(
    config: SessionConfig, changes: Mapping[str, Any], endpoint: Endpoint | None = None
) -> SessionConfig:
    """A copy of a config with some settings changed. A body is laid over the one that was.

    Args:
        config: what it is a copy of.
        changes: settings by name.
        endpoint: the one that is chosen along with them: its deadlines count where no others are given.

    Raises:
        ConfigError: a setting is unknown, or can't be.
    """
    if endpoint is not None and endpoint.deadlines is not None:
        changes = {"deadlines": endpoint.deadlines, **changes}
    if not changes:
        load_for(config.budget)
        return config
    unknown = sorted(set(changes) - set(SessionConfig.__struct_fields__))
    if unknown:
        known = ", ".join(SessionConfig.__struct_fields__)
        raise ConfigError(unknown[0], f"is no setting of a session; there are endpoint, {known}")
    if isinstance(changes.get("body"), Mapping):
        changes = {**changes, "body": overlay(config.body, changes["body"])}
    made = msgspec.structs.replace(config, **changes)
    check_tools(made.tools)
    if made.returns is not None:
        answer_spec(made.returns)
    load_for(made.budget)
    if made.hooks is not None and not isinstance(made.hooks, Hooks):
        raise ConfigError("hooks", f"must be an instance of a class derived from Hooks, got {made.hooks!r}")
    return made
