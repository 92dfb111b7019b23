"""A log to OpenTelemetry: its turns as spans, its requests as metrics. Sending them needs the extra `otel`."""
