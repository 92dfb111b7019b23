"""Who may run which tool: a table of rules, and the decisions that people, callbacks and actors make.

The first rule whose globs fit a call says what becomes of it; where none does, `Approvals.otherwise` says it. Globs
are those of `fnmatch`: `*`, `?` and `[...]`, upper and lower case told apart.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from actors.settings import Pairs, Seconds, Settings

Verdict: TypeAlias = Literal["allow", "ask", "deny"]


class Rule(Settings, frozen=True):
    """What becomes of the calls that it fits."""

    tool: str = "*"
    """A glob on the tool's name."""
    verdict: Verdict = "ask"
    arguments: Pairs = ()
    """Globs on arguments by dotted path, such as `{"path": "/tmp/*", "options.force": "true"}`; what is no text is
    compared as JSON. All must fit, and a path that the call does not have fits nothing."""
    key: tuple[str, ...] = ()
    """The arguments, by dotted path, that a decision of "always" holds for; none: it holds for the tool."""
    reason: str = ""
    """What the model is told of a denial."""

    def __post_init__(self) -> None:
        self._to_pairs("arguments")
        given: Any = self.key
        if isinstance(given, str):
            msgspec.structs.force_setattr(self, "key", (given,))
        super().__post_init__()


class Approvals(Settings, frozen=True):
    """A policy: the rules in order, and what else counts."""

    rules: tuple[Rule, ...] = ()
    otherwise: Verdict = "allow"
    """For calls that no rule fits."""
    timeout: Seconds = 300.0
    """How long a call waits for a decision, in seconds; then it is denied."""


class ApprovalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A call that waits for a decision, as `on_approval` gets it."""

    id: str
    """What `Session.approve` and `Session.reject` take."""
    session: str
    turn: int
    step: int
    call_id: str
    name: str
    arguments: dict[str, Any]
    key: str
    """What "always" would hold for."""
    expires: float
    """When it is denied if nobody decides, in Unix seconds."""


class Approve(msgspec.Struct, frozen=True, kw_only=True):
    """Run it."""

    arguments: dict[str, Any] | None = None
    """With these instead; they are validated as the model's are. None: as asked for."""
    always: bool = False
    """And whatever else has this key, for the rest of the session."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Do not run it."""

    reason: str = ""
    """What the model is told."""


Decision: TypeAlias = Approve | Reject
