from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="needs the extra `otel`")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from actors.otel import names
from actors.otel.sending import Ids, Sender
from tests.fleet.story import record
from tests.otel.test_turns import ACTED, PLACE, RETRIED, told


class Stage:
    """The SDK with its in-memory exporters."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        ids = Ids()
        traces = TracerProvider(id_generator=ids, shutdown_on_exit=False)
        traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.sender = Sender(traces, MeterProvider([self.reader], shutdown_on_exit=False), ids)

    def spans(self) -> list[ReadableSpan]:
        """All spans, those above before those beneath them."""
        return sorted(
            self.exporter.get_finished_spans(), key=lambda it: (it.start_time or 0, -(it.end_time or 0))
        )

    def points(self) -> dict[str, list[HistogramDataPoint]]:
        data: Any = self.reader.get_metrics_data()
        metrics = data.resource_metrics[0].scope_metrics[0].metrics
        return {metric.name: list(metric.data.data_points) for metric in metrics}


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    for key, turn in told(RETRIED):
        assert stage.sender.send(key, turn) == 3
    return stage


def test_the_spans_lie_in_each_other_at_the_log_s_times(stage: Stage) -> None:
    turn, step, request = stage.spans()
    assert turn.parent is None
    assert step.parent == turn.context
    assert request.parent == step.context
    assert (turn.kind, step.kind, request.kind) == (SpanKind.INTERNAL, SpanKind.INTERNAL, SpanKind.CLIENT)
    assert [(it.end_time or 0) - (it.start_time or 0) for it in (turn, step, request)] == [8e9, 7e9, 6e9]
    assert [event.name for event in request.events].count(names.RETRY_SCHEDULED) == 1
    assert request.status.status_code is StatusCode.UNSET
    assert turn.instrumentation_scope is not None
    assert turn.instrumentation_scope.schema_url == "https://opentelemetry.io/schemas/1.41.0"


def test_who_sends_a_log_twice_sends_the_same_spans(stage: Stage) -> None:
    def ids(stage: Stage) -> list[tuple[int, int]]:
        return [(it.context.trace_id, it.context.span_id) for it in stage.spans() if it.context is not None]

    first = ids(stage)
    assert len(set(first)) == 3
    again, other = Stage(), Stage()
    for key, turn in told(RETRIED):
        again.sender.send(key, turn)
        other.sender.send((*key[:2], 2), turn)
    assert ids(again) == first
    assert {trace for trace, _ in ids(other)}.isdisjoint(trace for trace, _ in first)


def said(attributes: Mapping[str, Any] | None, *wanted: str) -> list[Any]:
    return [(attributes or {}).get(name) for name in wanted]


def test_the_metrics_are_the_convention_s_with_its_buckets(stage: Stage) -> None:
    points = stage.points()
    (duration,) = points["gen_ai.client.operation.duration"]
    assert (duration.count, duration.sum) == (1, 6.0)
    assert tuple(duration.explicit_bounds) == names.SECONDS_BUCKETS
    labels = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model",
              "server.address", "server.port", "error.type")  # fmt: skip
    assert said(duration.attributes, *labels) == [
        "chat",
        "openai",
        "some-model",
        "m",
        "127.0.0.1",
        8080,
        None,
    ]
    (first,) = points["gen_ai.client.operation.time_to_first_chunk"]
    assert (first.count, first.sum) == (1, 0.25)
    assert tuple(first.explicit_bounds) == names.SECONDS_BUCKETS
    tokens = points["gen_ai.client.token.usage"]
    assert {(str(said(it.attributes, "gen_ai.token.type")[0]), it.sum) for it in tokens} == {
        ("input", 20),
        ("output", 43),
    }
    assert {tuple(it.explicit_bounds) for it in tokens} == {names.TOKEN_BUCKETS}


def test_a_request_that_failed_for_good_is_an_error_in_both() -> None:
    stage = Stage()
    for key, turn in told([*RETRIED[:4], record("turn.failed", 9, **PLACE)]):
        stage.sender.send(key, turn)
    above, _, request = stage.spans()
    assert above.status.status_code is request.status.status_code is StatusCode.ERROR
    (duration,) = stage.points()["gen_ai.client.operation.duration"]
    assert said(duration.attributes, "error.type") == ["http_error:503"]


def test_how_long_a_tool_ran_is_a_metric_of_its_name() -> None:
    stage = Stage()
    for key, turn in told(ACTED):
        assert stage.sender.send(key, turn) == 4
    (duration,) = stage.points()["gen_ai.execute_tool.duration"]
    assert (duration.count, duration.sum) == (1, 2.0)
    labels = ("gen_ai.operation.name", "gen_ai.tool.name", "error.type")
    assert said(duration.attributes, *labels) == ["execute_tool", "pay", "tool:timeout"]
    assert [it.status.status_code for it in stage.spans() if it.name == "execute_tool pay"] == [
        StatusCode.ERROR
    ]


def test_the_names_are_those_of_the_convention() -> None:
    # The package marks the GenAI names as moved to a repository of their own, but still has all of 1.41.0.
    known: set[str] = set()
    for module in ("gen_ai", "error", "server", "http", "exception", "process"):
        try:
            attributes = importlib.import_module(
                f"opentelemetry.semconv._incubating.attributes.{module}_attributes"
            )
        except ModuleNotFoundError:
            attributes = importlib.import_module(f"opentelemetry.semconv.attributes.{module}_attributes")
        known |= {
            value for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str)
        }
    ours = {it for it in names.ATTRIBUTES.values() if not it.startswith("greenroom.")}
    operations = importlib.import_module("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    assert {names.INVOKE_AGENT, names.EXECUTE_TOOL} <= {
        it.value for it in operations.GenAiOperationNameValues
    }
    assert ours | {names.STREAM, names.TOKEN_TYPE} <= known
    metrics = importlib.import_module("opentelemetry.semconv._incubating.metrics.gen_ai_metrics")
    assert {names.OPERATION_DURATION, names.TIME_TO_FIRST_CHUNK, names.TOKEN_USAGE} <= {
        value for value in vars(metrics).values() if isinstance(value, str)
    }
