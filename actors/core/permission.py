"""What a policy makes of a call. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from actors.approvals import Approvals, Rule, Verdict

_ABSENT = object()


class Ruling(msgspec.Struct, frozen=True):
    """What becomes of a call."""

    verdict: Verdict
    key: str
    """What a decision of "always" would hold for."""
    reason: str = ""


def judge(policy: Approvals, name: str, arguments: Mapping[str, Any]) -> Ruling:
    """What the policy says to a call.

    Args:
        policy: its rules in order; the first that fits decides.
        name: the tool's.
        arguments: as JSON has them.
    """
    for rule in policy.rules:
        if _fits(rule, name, arguments):
            return Ruling(rule.verdict, _key(rule, name, arguments), rule.reason)
    return Ruling(policy.otherwise, name)


def _fits(rule: Rule, name: str, arguments: Mapping[str, Any]) -> bool:
    if not fnmatchcase(name, rule.tool):
        return False
    for path, glob in rule.arguments:
        value = _at(arguments, path)
        if value is _ABSENT or not fnmatchcase(_text(value), glob):
            return False
    return True


def _key(rule: Rule, name: str, arguments: Mapping[str, Any]) -> str:
    if not rule.key:
        return name
    found = ((path, _at(arguments, path)) for path in rule.key)
    said = ", ".join(f"{path}={'' if value is _ABSENT else _json(value)}" for path, value in found)
    return f"{name}({said})"


def _at(arguments: Any, path: str) -> Any:
    value = arguments
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
