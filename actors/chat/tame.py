"""What a model wrote, made harmless for a terminal: pure."""

from __future__ import annotations

import unicodedata
from typing import Final

from actors.log.format import inert

KEPT: Final = frozenset("\n\t\u200c\u200d")
"""Lines, tabs, and the joiners that scripts and emoji need; they move nothing but the text itself."""


def tame(text: str) -> str:
    """Show what a terminal would obey (controls, escapes, overrides of direction) as Python escapes, line by line."""
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else inert(char) for char in text.replace("\r\n", "\n"))


def _is_harmless(char: str) -> bool:
    # `isprintable` also refuses every blank but U+0020, and answers in French or Japanese are full of others.
    return char.isprintable() or char in KEPT or unicodedata.category(char) == "Zs"
