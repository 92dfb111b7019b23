"""A server on loopback that takes what an OTLP exporter sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """Takes what an OTLP exporter sends."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.spans: Queue[tuple[str, str]] = Queue()
        """The service and the name of each."""
        self.metrics: set[str] = set()
        self.headers: list[str | None] = []

    @property
    def environment(self) -> dict[str, str]:
        """What points an exporter here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        return kept | {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server_port}"}

    def take(self, path: str, body: bytes) -> None:
        """Take a request's body."""
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {it.key: it.value.string_value for it in resource.resource.attributes}
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        self.spans.put((named["service.name"], span.name))
        else:
            for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics |= {it.name for scope in measured.scope_metrics for it in scope.metrics}


class Handler(BaseHTTPRequestHandler):
    server: Collector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.headers.append(self.headers["x-key"])
        if self.server.status == 200:
            self.server.take(self.path, body)
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collecting(status: int = 200) -> Iterator[Collector]:
    with Collector(status) as collector:
        thread = Thread(target=collector.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def names(collector: Collector) -> list[str]:
    return sorted(name for _, name in collector.spans.queue)
