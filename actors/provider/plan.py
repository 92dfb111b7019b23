"""What goes wrong beside the scripts: faults for some requests, so many times, by chance, for a while.

Whether a request is met depends on its key, its number among the requests with that key, and the moment; never on
the order in which sessions come. So the same seed gives the same faults, also where sessions race.
"""

from __future__ import annotations

import fnmatch
import hashlib
import random
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, TypeAlias

import msgspec

from actors.errors import ConfigError
from actors.provider.actions import Action
from actors.provider.faults import Fault
from actors.provider.plays import Play, Reply
from actors.provider.toxics import Toxic
from actors.settings import Positive, Seconds, Settings

What: TypeAlias = Play | Toxic
"""A play instead of the script's, a fault put into the script's reply, or a toxic laid over what is sent."""


class Rule(Settings, frozen=True, kw_only=True):
    """One thing that goes wrong, and for whom.

    A play or a toxic fits every request. A fault alone is put into the script's reply; where it has no place in that
    (`in_tool_call`, and no tool is called; another fault ends the reply before; the script plays no `Reply`), the
    request is not met.
    """

    what: Any  # a `What`: msgspec checks no union of several plain structs
    of: tuple[str, ...] = ("*",)
    """Keys, or patterns of keys (`*`, `?`, `[...]`)."""
    times: Positive | None = None
    """The first so many requests of each key that it fits; None: all of them."""
    chance: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """How likely it is for each request, by the seed."""
    at: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """From this moment on, in seconds since the provider began."""
    lasting: Seconds | None = None
    """For so many seconds; None: to the end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.what, Play | Toxic):
            self._refuse("what", f"must be a play, a fault or a toxic, not {type(self.what).__name__}")

    def meets(self, key: str, moment: float) -> bool:
        """Whether it is about this key, now."""
        over = self.lasting is not None and moment >= self.at + self.lasting
        return self.at <= moment and not over and any(fnmatch.fnmatchcase(key, name) for name in self.of)


class Course(NamedTuple):
    """What a request gets."""

    play: Play
    toxics: tuple[tuple[Toxic, random.Random], ...]

    def over(self, actions: Iterator[Action]) -> Iterator[Action]:
        """The actions of the play as they come out of its toxics, the first laid first."""
        for toxic, rng in self.toxics:
            actions = toxic.over(actions, rng)
        return actions


class Plan:
    """The rules. Laid from any thread, asked from the provider's.

    Of one request, plays come first, then faults are put in, then toxics are laid over; in the order in which the
    rules of a kind were laid.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: tuple[tuple[int, Rule], ...] = ()
        """Each with its number, in the order in which they are asked."""
        self._met: Counter[tuple[int, str]] = Counter()

    def lay(self, rule: Rule) -> None:
        """From now on this goes wrong too."""
        with self._lock:
            rules = (*self._rules, (len(self._rules), rule))
            self._rules = tuple(sorted(rules, key=lambda numbered: _turn(numbered[1].what)))

    def course(self, key: str, number: int, play: Play, moment: float) -> Course:
        """What the request gets.

        Args:
            key: whose it is.
            number: which of the key's requests, from 1.
            play: the script's.
            moment: seconds since the provider began.
        """
        toxics: list[tuple[Toxic, random.Random]] = []
        with self._lock:
            for place, rule in self._rules:
                if not rule.meets(key, moment) or self._met[place, key] == rule.times:
                    continue
                rng = self._rng(place, key, number)
                if rng.random() >= rule.chance:
                    continue
                if isinstance(rule.what, Toxic):
                    toxics.append((rule.what, rng))
                elif (changed := _with(play, rule.what)) is not None:
                    play = changed
                else:
                    continue
                self._met[place, key] += 1
        return Course(play, tuple(toxics))

    def _rng(self, place: int, key: str, number: int) -> random.Random:
        name = f"{self._seed}/{place}/{number}/{key}".encode("utf-8", "surrogatepass")
        return random.Random(hashlib.blake2b(name, digest_size=8).digest())  # noqa: S311 - faults are no secrets


def _turn(what: What) -> int:
    return 2 if isinstance(what, Toxic) else 1 if isinstance(what, Fault) else 0


def _with(play: Play, what: Play) -> Play | None:
    """The script's play, changed; None: the fault has no place in it."""
    if not isinstance(what, Fault):
        return what
    if not isinstance(play, Reply):
        return None
    try:
        return play.but(what)
    except ConfigError:
        return None
