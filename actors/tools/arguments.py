"""The arguments of a call as the model wrote them: text, which should be a JSON object."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from actors.errors import ArgumentsError

_EXACT = 2**53
"""Up to here a float has every integer."""
_LONGEST = 300
"""Of one complaint, in code points: it may quote what the model wrote."""
_MOST = 20
"""Complaints that a model is told at once."""


def refusal(complaints: Iterable[str]) -> ArgumentsError:
    """What a model is told of `complaints`: bounded, however many there are and however much they quote."""
    first = list(itertools.islice(complaints, _MOST + 1))
    shown = [said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..." for said in first[:_MOST]]
    return ArgumentsError("; ".join(shown if len(first) <= _MOST else [*shown, "and more"]))


def parse(text: str) -> dict[str, Any]:
    """The object that `text` spells; empty text is an empty object, as some models write no arguments at all.

    A number without a fraction is an integer however it is written (JSON Schema 2020-12, validation, 6.1.1).

    Raises:
        ArgumentsError: it is not JSON (RFC 8259: no NaN), not an object, or can't be taken: a key twice in one
            object, a number past a float's range, half a surrogate pair, nested too deep.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
        msgspec.json.encode(value)  # finds the lone surrogates
    except json.JSONDecodeError as error:
        raise ArgumentsError(f"the arguments are not valid JSON: {error}") from None
    except UnicodeEncodeError:
        raise ArgumentsError("the arguments hold half of a surrogate pair, which is no character") from None
    except RecursionError:
        raise ArgumentsError("the arguments are nested too deep") from None
    if not isinstance(value, dict):
        raise ArgumentsError(f"the arguments must be a JSON object, not {_kind(value)}")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise refusal([f"the arguments have a key twice in one object: {json.dumps(name)}"])
        made[name] = value
    return made


def _number(digits: str) -> int | float:
    number = float(digits)
    if not math.isfinite(number):
        raise ArgumentsError(f"the arguments hold a number that is out of range: {digits[:40]}")
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # longer than Python converts
        raise ArgumentsError(f"the arguments hold a number that is out of range: {digits[:40]}...") from None


def _no_constant(name: str) -> Any:
    raise ArgumentsError(f"the arguments are not valid JSON: {name} is no JSON number")


def _kind(value: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
