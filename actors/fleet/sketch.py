"""How long things took, over a log of any length, in a t-digest."""

from __future__ import annotations

from typing import Final

from fastdigest import TDigest

from actors.fleet.view import Latency, Quantiles

BATCH: Final = 500
"""So many durations go into the digest at once: each by itself costs three times as much."""


class Sketch:
    """Durations, of which only the digest's centroids are kept."""

    def __init__(self) -> None:
        self._digest = TDigest()
        self._waiting: list[float] = []
        self.add = self._waiting.append
        """Take one more, in seconds; `settle` must come some time."""

    def settle(self) -> None:
        """Let the digest have what came."""
        if len(self._waiting) >= BATCH:
            self._take()

    def quantiles(self) -> Quantiles:
        """Where the durations lie."""
        self._take()
        digest = self._digest
        if digest.is_empty():
            return Quantiles(count=0, p50=None, p95=None, p99=None, max=None)
        p50, p95, p99 = (digest.quantile(share) for share in (0.5, 0.95, 0.99))
        return Quantiles(count=digest.n_values, p50=p50, p95=p95, p99=p99, max=digest.max())

    def _take(self) -> None:
        self._digest.batch_update(self._waiting)
        self._waiting.clear()


class Sketches:
    """Of turns, of attempts that were answered, and until their first chunk."""

    def __init__(self) -> None:
        self.turn, self.attempt, self.first_chunk = Sketch(), Sketch(), Sketch()

    def latency(self, approval: Sketch) -> Latency:
        """Where all of them lie, and those of approvals."""
        return Latency(
            turn=self.turn.quantiles(),
            attempt=self.attempt.quantiles(),
            first_chunk=self.first_chunk.quantiles(),
            approval=approval.quantiles(),
        )

    def settle(self) -> None:
        """Let the digests have what came."""
        for sketch in (self.turn, self.attempt, self.first_chunk):
            sketch.settle()
