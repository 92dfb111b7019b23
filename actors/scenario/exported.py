"""A run's log, sent to OpenTelemetry as it is written."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def exported(log: str) -> Iterator[None]:
    """Send what is written to this log in the block; at its end, say so on stderr if some of it did not arrive."""
    from actors.otel.exporter import Following  # noqa: PLC0415 - an extra

    with Following(log) as following:
        yield
    if following.otlp.lost:
        sys.stderr.write(f"OpenTelemetry: {following.otlp}\n")
