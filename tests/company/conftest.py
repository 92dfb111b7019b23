"""The fixtures of the tests of companies."""

from tests.company.troupe import _breakable, told

__all__ = ["_breakable", "told"]
