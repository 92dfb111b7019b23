"""Libraries that only some commands need, and that are installed by extras."""

from __future__ import annotations

import importlib

from actors.errors import UsageError


def need(what: str, extra: str, *modules: str) -> None:
    """Make sure that what an extra brings is there.

    Args:
        what: who needs it, for a person.
        extra: the extra that brings it.
        modules: of those libraries, one each.

    Raises:
        UsageError: one is missing, and how to install it.
    """
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise UsageError(f"{what} needs the extra `{extra}`: pip install 'greenroom[{extra}]'") from error
