"""What a tool may return to say more than its value."""

from __future__ import annotations

from typing import Any

import msgspec


class ToolResult(msgspec.Struct, frozen=True):
    """A result with more to it than its content."""

    content: Any
    """For the model: text, content parts as chat completions have them (a list of objects with a `type`), or
    anything that can be JSON."""
    is_error: bool = False
    """Whether the call failed; the model is told so."""
    ends_turn: bool = False
    """End the turn when this step's calls have their results."""
