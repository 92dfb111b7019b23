"""Nothing is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from actors.core.leftovers import Leftovers
from actors.scenario.laws.law import Breach

NAME = "at the end no actor, task, timer, connection or thread is left"

_SHOWN = 5


def breaches(leftovers: Leftovers) -> Iterator[Breach]:
    """A breach for each kind of thing that is left."""
    for kind in leftovers.__struct_fields__:
        names: tuple[str, ...] = getattr(leftovers, kind)
        if names:
            yield Breach(NAME, "", 0, f"{_counted(kind, len(names))} left: {_listed(names)}")


def _counted(kind: str, count: int) -> str:
    return f"1 {kind.removesuffix('s')} is" if count == 1 else f"{count} {kind} are"


def _listed(names: tuple[str, ...]) -> str:
    counted = Counter(names).most_common()
    shown = [name if count == 1 else f"{name} ({count} times)" for name, count in counted[:_SHOWN]]
    return ", ".join([*shown, "..."] if len(counted) > _SHOWN else shown)
