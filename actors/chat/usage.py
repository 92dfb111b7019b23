"""What a conversation has cost so far."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from actors.events import AttemptUsage, Terminal


class Meter:
    """Adds up turns, also those that failed: what an attempt cost was paid."""

    def __init__(self) -> None:
        self._turns = 0
        self._attempts: list[AttemptUsage] = []

    def add(self, event: Terminal) -> None:
        """Take up a turn's last event."""
        self._turns += 1
        self._attempts += event.usage

    def describe(self) -> str:
        """One line: turns, attempts, tokens, and how they are known."""
        tokens_in = sum(usage.input_tokens or 0 for usage in self._attempts)
        tokens_out = sum(usage.output_tokens or 0 for usage in self._attempts)
        turns = f"{self._turns} turn{'' if self._turns == 1 else 's'}"
        return f"{turns}, {tokens_in} tokens in, {tokens_out} out; {self._known()}"

    def _known(self) -> str:
        counts: Counter[Literal["measured", "estimated", "unknown"]] = Counter(
            usage.source for usage in self._attempts
        )
        attempts = f"{len(self._attempts)} attempt{'' if len(self._attempts) == 1 else 's'}"
        told = ", ".join(f"{count} {source}" for source, count in sorted(counts.items()))
        return f"{attempts} ({told})" if told else attempts
