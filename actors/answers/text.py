"""Finding the JSON in what a model wrote: alone, in a code fence, or with prose around it."""

from __future__ import annotations

import json
import re

_DECODER = json.JSONDecoder(strict=False)
_LINE_BEGINS = re.compile(r"^\{", re.MULTILINE)
_MOST = 32
"""Places that are tried: a text that has more of them is no answer with a little prose around it."""

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
"""A string, whole or open; its last quote."""


def find_object(text: str) -> str:
    """The last JSON object in `text` that stands by itself; all of the text where there is none.

    Only the first brace, and those at the beginning of a line, can begin one: what is inside an object that was cut
    off is no answer, and be it of the right shape.
    """
    text = text.strip()
    first = text.find("{")
    if first < 0:
        return text
    places = [first, *(match.start() for match in _LINE_BEGINS.finditer(text, first + 1))]
    found, end = text, 0
    for place in places[:_MOST]:
        if place < end:
            continue  # inside the one that was found
        try:
            _, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            if place == 0:
                return text
            continue
        found = text[place:end]
    return found


def without_open_number(text: str) -> str:
    """The beginning of a JSON object, without a number at its end that may not be all there."""
    end = text.rstrip("-+.eE0123456789")
    if len(end) == len(text):
        return text
    strings = [string[1] for string in _STRING.finditer(text)]
    return text if strings and not strings[-1] else end  # in an open string it is no number
