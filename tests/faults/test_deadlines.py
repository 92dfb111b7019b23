"""Who says nothing: found out when its deadline passes, on a clock that the tests put forward, and not before."""

from __future__ import annotations

import msgspec
import pytest

from actors.config import Deadlines
from actors.core.fold import Fold
from actors.events import AttemptStarted, Event, Retracted, TextDelta, ToolCallDelta
from actors.provider import Call, Gate, KeepAlives, Pause, Play, RawBody, Stall
from actors.provider.faults import Place
from tests.faults.stage import GOOD, WAITS, Stage

TEXT = "Once upon a time there w"
"""What `GOOD` has said after six deltas: three of thoughts, three of text."""
WITH_CALL = msgspec.structs.replace(GOOD, tool_calls=(Call("look", '{"where": "left"}'),))
FOREVER = 1e9
TRAILING_ONLY = Deadlines(connect=FOREVER, first_event=FOREVER, idle=FOREVER, attempt=FOREVER, trailing=2)


class Cue:
    """Sees from the client's side that all has come that will come, once."""

    def __init__(self, stage: Stage, session: str, cue: str) -> None:
        self._stage = stage
        self._session = session
        self._cue: str | None = cue
        self._screen = Fold()

    def given(self, event: Event) -> bool:
        self._screen.apply(event)
        if self._cue is None or not self._is_given(self._cue, event):
            return False
        self._cue = None
        return True

    def _is_given(self, cue: str, event: Event) -> bool:
        if cue == "call":
            return isinstance(event, ToolCallDelta)
        if cue == "text":
            return isinstance(event, TextDelta) and self._screen.text == TEXT
        if not isinstance(event, AttemptStarted):
            return False
        if cue == "request":
            self._stage.provider.wait_request(self._session)
        else:
            self._stage.wait_logged("actors.request.first_chunk")
        return True


SILENT: dict[str, tuple[Play, str, str]] = {
    "before headers": (GOOD.but(Stall(after="before_headers")), "request", "first_event"),
    "after headers": (GOOD.but(Stall(after="after_headers")), "request", "first_event"),
    "before the first delta": (GOOD.but(Stall(after=0)), "first chunk", "idle"),
    "in text": (GOOD.but(Stall(after=6)), "text", "idle"),
    "in a tool call": (WITH_CALL.but(Stall(after="in_tool_call")), "call", "idle"),
}


@pytest.mark.parametrize("name", SILENT)
def test_a_stall_is_tried_again(moved: Stage, name: str) -> None:
    play, cue, deadline = SILENT[name]
    seconds = {"first_event": 300.0, "idle": 120.0}[deadline]  # the defaults
    session = moved.spawn(play, GOOD, tool_call_deltas=True)
    all_came = Cue(moved, session.id, cue)

    def wait_for_more(event: Event) -> None:
        if all_came.given(event):
            moved.put_forward(seconds)

    with session.stream("Tell me a story.") as stream:
        played = moved.watch(session, stream, on_event=wait_for_more)

    assert (len(played.requests), played.waits) == (2, WAITS[:1])
    (retry,) = played.retries
    assert (retry.outcome.reason, retry.outcome.seconds) == (f"stalled:{deadline}", seconds)  # type: ignore[union-attr]
    assert (played.completed.text, played.completed.thoughts) == (GOOD.text, GOOD.thoughts)
    assert not played.completed.calls


@pytest.mark.parametrize(
    ("then", "keep"), [pytest.param(GOOD.text, [], id="the same"), pytest.param("Once", [4], id="another")]
)
def test_what_was_shown_before_a_stall_is_spliced(moved: Stage, then: str, keep: list[int]) -> None:
    session = moved.spawn(GOOD.but(Stall(after=6)), msgspec.structs.replace(GOOD, text=then))
    all_came = Cue(moved, session.id, "text")
    with session.stream("Tell me a story.") as stream:
        played = moved.watch(
            session, stream, on_event=lambda event: moved.put_forward(120) if all_came.given(event) else None
        )

    assert played.reasons == ("stalled:idle",)
    assert played.shown_by(1).text == TEXT
    assert (played.completed.text, played.completed.thoughts) == (then, GOOD.thoughts)
    assert [event.text_keep for event in played.events if isinstance(event, Retracted)] == keep


@pytest.mark.parametrize(
    ("after", "cue", "deadline"), [("after_headers", "request", "first_event"), (6, "text", "idle")]
)
def test_keep_alives_put_no_deadline_off(moved: Stage, after: Place, cue: str, deadline: str) -> None:
    begin, sent = Gate(), Gate()
    alive = GOOD.but(
        Pause(after=after, gate=begin),
        KeepAlives(after=after, every_s=0.001, times=3),
        Pause(after=after, gate=sent),
    )
    session = moved.spawn(alive, GOOD, deadlines=Deadlines(first_event=60, idle=60))
    all_came = Cue(moved, session.id, cue)

    def wait_for_more(event: Event) -> None:
        if all_came.given(event):
            moved.put_forward(40)
            begin.set()
            sent.wait_reached()
            moved.put_forward(40)

    with session.stream("Tell me a story.") as stream:
        played = moved.watch(session, stream, on_event=wait_for_more)

    assert (len(played.requests), played.reasons) == (2, (f"stalled:{deadline}",))
    assert played.completed.text == GOOD.text


def test_each_delta_in_time_and_yet_too_slow_as_a_whole(moved: Stage) -> None:
    gates = {"Once upo": Gate(), "Once upon a time": Gate(), TEXT: Gate()}
    slow = GOOD.but(*(Pause(after=number, gate=gate) for number, gate in enumerate(gates.values(), 4)))
    session = moved.spawn(slow, GOOD, deadlines=Deadlines(idle=60, attempt=100))
    screen = Fold()

    def dawdle(event: Event) -> None:
        screen.apply(event)
        if event.attempt == 1 and isinstance(event, TextDelta) and screen.text in gates:
            moved.put_forward(40)
            gates[screen.text].set()

    with session.stream("Tell me a story.") as stream:
        played = moved.watch(session, stream, on_event=dawdle)

    assert (len(played.requests), played.reasons) == (2, ("stalled:attempt",))
    assert played.shown_by(1).text == TEXT
    assert played.completed.text == GOOD.text


TRAILING: dict[str, Play] = {
    "silence after the finish": GOOD.but(Stall(after="after_finish")),
    "keep-alives after the finish": GOOD.but(KeepAlives(after="after_finish", every_s=0.001)),
    "silence after the end marker": GOOD.but(Stall(after="at_end")),
}


@pytest.mark.parametrize("name", TRAILING)
def test_an_answer_that_is_over_is_not_held_up_for_long(moved: Stage, name: str) -> None:
    session = moved.spawn(TRAILING[name], deadlines=TRAILING_ONLY)
    with session.stream("Tell me a story.") as stream:
        moved.put_forward_until_done(stream, 2)
        played = moved.watch(session, stream)

    assert (len(played.requests), played.retries) == (1, ())
    assert (played.completed.text, played.completed.outcome.finish_reason) == (GOOD.text, "stop")
    (usage,) = played.completed.usage
    assert usage.source == ("measured" if "marker" in name else "estimated")
    moved.put_forward(2)  # the connection is given up: see `assert_at_rest`


def test_an_error_that_never_ends_is_known_by_its_status(moved: Stage) -> None:
    play = RawBody(b"{", status=503, ending="stall")
    session = moved.spawn(play, retry=None, deadlines=TRAILING_ONLY)
    with session.stream("Tell me a story.") as stream:
        moved.put_forward_until_done(stream, 2)
        played = moved.watch(session, stream)

    assert played.failed.outcome.describe() == "http_error:503: status 503"
