"""Text made valid Unicode."""

from __future__ import annotations


def scrub(text: str) -> str:
    """`text` with its surrogate pairs joined and its lone surrogates replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
