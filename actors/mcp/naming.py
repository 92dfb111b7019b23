"""The names of a server's tools, kept apart from those of others and such as every endpoint takes: pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

LIMIT: Final = 64
"""Endpoints take names of so many characters, of letters, digits, `_` and `-`."""
BETWEEN: Final = "__"
_HASH = 8
_ODD = re.compile(r"[^a-zA-Z0-9_-]")


def names_of(prefix: str, tools: Iterable[str]) -> dict[str, str]:
    """A name for each of a server's tools, such as `files__read_file`.

    What no name may hold becomes `_`; a name that is too long, or that another tool of the server has then, too, ends
    with a hash of what the server calls the tool. So a name does not depend on the order of the listing.

    Args:
        prefix: what they begin with; "" for nothing.
        tools: what the server calls them.

    Returns:
        The server's word for a tool to the name that a model gets.
    """
    head = prefix + BETWEEN if prefix else ""
    plain = {tool: _ODD.sub("_", head + tool) for tool in tools}
    often = Counter(plain.values())
    return {
        tool: name if 0 < len(name) <= LIMIT and often[name] == 1 else _hashed(name, tool)
        for tool, name in plain.items()
    }


def _hashed(name: str, tool: str) -> str:
    digest = hashlib.sha256(tool.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{name[: LIMIT - _HASH - 1]}_{digest}"
