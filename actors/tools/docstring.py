"""A function's docstring as a model is told it: what the function does, and what each parameter is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def described(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The description without its sections, and the parameters' by name.

    Google's, NumPy's, reST and Epydoc's styles are read; what is in none of them is the description as it stands.
    """
    import docstring_parser  # noqa: PLC0415 - `import actors` stays quick

    text = inspect.getdoc(function) or ""
    try:
        read = docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return text.strip(), {}
    said = {parameter.arg_name: parameter.description or "" for parameter in read.params}
    return (read.description or "").strip(), {
        name: " ".join(words.split()) for name, words in said.items() if words.strip()
    }
