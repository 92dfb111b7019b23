"""What the agents of the benchmark say to each other."""

from __future__ import annotations

from dataclasses import dataclass

AGENTS = 1000


@dataclass
class Ball:
    """What is asked, and answered: the same for all."""

    number: int
    text: str


@dataclass
class Play:
    """Begin to ask your partner so many times."""

    exchanges: int


@dataclass
class Sweep:
    """Ask all others."""


@dataclass
class News:
    """What is told, and not answered."""

    number: int
    text: str


TEXT = "The plan has three steps. " * 4
