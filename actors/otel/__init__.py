"""A log to OpenTelemetry: its turns as spans, its requests as metrics. Sending them needs the extra `otel`."""

from typing import Final

MODULES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
"""What that extra brings."""
