"""Each scenario of the repertoire passes, and fails under a mutation of the runtime: that is what it is there for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec
import pytest

from actors import attempts, caller
from actors.approvals import Approve
from actors.caller import CallerActor
from actors.company import nursery
from actors.company.family import Family
from actors.core import retry
from actors.core.aggregate import Aggregate
from actors.core.calls import Calls
from actors.core.chunks import Text
from actors.core.coalesce import Buffer
from actors.core.permission import Ruling
from actors.core.retry import GiveUp
from actors.core.splice import Splice
from actors.outcome import Complete
from actors.scenario.display import Display
from actors.scenario.loader import load
from actors.scenario.report import Report, complaints
from actors.scenario.runner import Settings, run
from actors.session import SessionActor
from actors.supervisor import Supervisor
from actors.tools.render import render
from actors.turn import Turn
from actors.turns import loop, tool_actor
from actors.turns.calling import Calling
from actors.turns.desk import ApprovalDesk
from actors.turns.tool_actor import ToolActor
from actors.wire.openai_chat import Decoder

FOLDER = Path(__file__).parents[2] / "scenarios"
Patch: TypeAlias = pytest.MonkeyPatch
Mutate: TypeAlias = Callable[[Patch], None]
FEW = 12
SIZES = {"first_night": 40, "slow_consumer": 2, "fault_coverage": None, "misbehaving_tools": None}
"""Sessions, where a few do not show it all; None: as many as it has."""


def played(name: str, **settings: Any) -> Report:
    settings = {"mode": "sim", "sessions": SIZES.get(name, FEW), **settings}
    return run(load(FOLDER / f"{name}.py"), Settings(**settings), Display())


# The mutations: what a runtime does that has the bug which a scenario is about.


def never_tries_again(patch: Patch) -> None:
    patch.setattr(retry, "decide", lambda *_, **__: GiveUp("nothing is tried again"))


def does_not_listen_to_the_server(patch: Patch) -> None:
    patch.setattr(caller, "parse_retry_after", lambda *_: None)


def comes_back_on_the_dot(patch: Patch) -> None:
    patch.setattr(retry, "_after_server_ms", lambda asked_s, _: round(asked_s * 1000))


def takes_half_for_the_whole(patch: Patch) -> None:
    outcome = Aggregate.outcome

    def mutated(self: Aggregate) -> Any:
        found = outcome(self)
        return Complete() if found.kind == "truncated" else found

    patch.setattr(Aggregate, "outcome", mutated)


def takes_an_error_for_the_end(patch: Patch) -> None:
    outcome = Aggregate.outcome

    def mutated(self: Aggregate) -> Any:
        found = outcome(self)
        return Complete() if found.kind == "in_band_error" else found

    patch.setattr(Aggregate, "outcome", mutated)


def shows_all_of_it_again(patch: Patch) -> None:
    patch.setattr(Splice, "begin_attempt", Splice.begin_step)


def has_no_idle_deadline(patch: Patch) -> None:
    next_deadline = CallerActor._next_deadline

    def mutated(self: CallerActor) -> Any:
        at, stalled = next_deadline(self)
        if stalled is None or stalled.deadline != "idle":
            return at, stalled
        attempt = self._spec.deadlines.attempt
        return self._started + attempt, caller._stalled("attempt", attempt)

    patch.setattr(CallerActor, "_next_deadline", mutated)


def counts_keep_alives(patch: Patch) -> None:
    feed = Decoder.feed
    patch.setattr(Decoder, "feed", lambda self, data: feed(self, data) or [Text("")])


def goes_by_the_index_alone(patch: Patch) -> None:
    patch.setattr(Calls, "_find", lambda self, fragment: self._slots.get(fragment.index or 0))


def drops_what_a_slow_consumer_misses(patch: Patch) -> None:
    push = Buffer.push

    def mutated(self: Buffer, event: Any) -> bool:
        crowded = len(self) >= self._limits.max_events
        return self.full if crowded and hasattr(event, "first_seq") else push(self, event)

    patch.setattr(Buffer, "push", mutated)


def reads_on_for_a_slow_consumer(patch: Patch) -> None:
    patch.setattr(Supervisor, "_check_room", lambda _: None)


def restarts_without_end(patch: Patch) -> None:
    for module in ("actors.supervisor", "actors.company.overseer"):
        patch.setattr(f"{module}.add_restart", lambda restarts, now, _: ((*restarts, now), True))


def forgets_at_a_restart(patch: Patch) -> None:
    begin = SessionActor.__init__
    patch.setattr(
        SessionActor, "__init__", lambda self, name, above, _, *rest: begin(self, name, above, (), *rest)
    )


def gives_up_on_who_refuses(patch: Patch) -> None:
    classify = retry.classify
    patch.setattr(retry, "classify", lambda outcome: outcome.kind != "transport" and classify(outcome))


def hammers(patch: Patch) -> None:
    decide = retry.decide

    def mutated(policy: Any, **facts: Any) -> Any:
        decision = decide(policy, **facts)
        return decision if isinstance(decision, GiveUp) else msgspec.structs.replace(decision, wait_ms=1)

    patch.setattr(retry, "decide", mutated)


def lets_the_caller_run_on(patch: Patch) -> None:
    drop = Supervisor._drop_attempt

    def mutated(self: Supervisor) -> None:
        self._caller = None
        drop(self)

    patch.setattr(Supervisor, "_drop_attempt", mutated)


def mixes_sessions_up(patch: Patch) -> None:
    spec = caller.call_spec
    patch.setattr(attempts, "call_spec", lambda _, *rest: spec("session-1", *rest))


def forgets_what_was_said(patch: Patch) -> None:
    patch.setattr(loop, "settle", lambda *_: ())


def knows_no_broken_body(patch: Patch) -> None:
    patch.setattr("actors.diagnosis.diagnose", lambda _: None)


def runs_all_at_once(patch: Patch) -> None:
    begin = Calling.__init__

    def mutated(self: Calling, *given: Any) -> None:
        begin(self, *given)
        self._places = asyncio.Semaphore(1_000_000)

    patch.setattr(Calling, "__init__", mutated)


def mixes_results_up(patch: Patch) -> None:
    carry_out = Calling.carry_out

    async def mutated(self: Calling, *given: Any, **more: Any) -> Any:
        results = await carry_out(self, *given, **more)
        return dict(zip(results, reversed(results.values()), strict=True))

    patch.setattr(Calling, "carry_out", mutated)


def asks_nobody(patch: Patch) -> None:
    patch.setattr("actors.turns.calling.judge", lambda _policy, name, _arguments: Ruling("allow", name))


def forgets_always(patch: Patch) -> None:
    class Forgetful(set[str]):
        def __contains__(self, _: object) -> bool:
            return False

    patch.setattr("actors.memory.set", Forgetful, raising=False)


def runs_as_the_model_asked(patch: Patch) -> None:
    ask = ApprovalDesk.ask

    async def mutated(self: ApprovalDesk, *given: Any, **more: Any) -> Any:
        decision = await ask(self, *given, **more)
        return Approve() if isinstance(decision, Approve) else decision

    patch.setattr(ApprovalDesk, "ask", mutated)


def takes_all_that_a_tool_says(patch: Patch) -> None:
    patch.setattr(tool_actor, "render", lambda value, _: render(value, 1_000_000_000))


def tells_all_progress(patch: Patch) -> None:
    patch.setattr(tool_actor, "PROGRESS_S", 0.0)


def tries_every_tool_again(patch: Patch) -> None:
    end = ToolActor._end_with

    def mutated(self: ToolActor, *given: Any, **more: Any) -> None:
        self._begin() if self._attempt == 1 else end(self, *given, **more)

    patch.setattr(ToolActor, "_end_with", mutated)


def forgets_what_was_done(patch: Patch) -> None:
    patch.setattr(Supervisor, "_keep", lambda *_: None)


def leaves_what_was_delegated(patch: Patch) -> None:
    patch.setattr(Turn, "abandon", lambda _: None)


def ends_the_oldest_first(patch: Patch) -> None:
    children = Family.children
    patch.setattr(Family, "children", lambda self: children(self)[::-1])


def brings_back_nobody_else(patch: Patch) -> None:
    patch.setattr(nursery, "go_with", lambda *_: ())


def sees_no_circle(patch: Patch) -> None:
    patch.setattr("actors.company.waits.Waits.path", lambda *_: ())


class Row(NamedTuple):
    """A scenario, a mutation, and what the failure says."""

    scenario: str
    mutate: Mutate
    said: str
    settings: Mapping[str, Any] = {}


BAD_DAY = {"sessions": 40, "params": {"trouble": 5.0}}
MUTATIONS = (
    Row("first_night", takes_an_error_for_the_end, "error-event-1"),
    Row("open_mic", forgets_what_was_said, "remembers its conversation"),
    Row("retry_storm", never_tries_again, "it should complete, but it failed: http_error:429"),
    Row("retry_storm", does_not_listen_to_the_server, "nobody comes back before the moment"),
    Row("retry_storm", comes_back_on_the_dot, "come back spread out"),
    Row("drops_in_mid_stream", takes_half_for_the_whole, "its text at character"),
    Row("drops_in_mid_stream", shows_all_of_it_again, "its text at character"),
    Row("stalled_provider", has_no_idle_deadline, "after stalled:attempt, not after stalled:idle"),
    Row("keep_alives_only", counts_keep_alives, "after stalled:attempt, not after stalled:first_event"),
    Row("irregular_tool_deltas", goes_by_the_index_alone, "it asks for the calls"),
    Row("slow_consumer", drops_what_a_slow_consumer_misses, "every letter reaches those who look away"),
    Row("slow_consumer", reads_on_for_a_slow_consumer, "letters wait for one of them"),
    Row("crash_loop", restarts_without_end, "who falls too often ends"),
    Row("crash_loop", forgets_at_a_restart, "remembers what was before and after"),
    Row("crash_loop", forgets_what_was_done, "who falls at work remembers what was done"),
    Row("outage_with_recovery", gives_up_on_who_refuses, "it should complete, but it failed: transport:"),
    Row("outage_with_recovery", hammers, "maximum of attempts"),
    Row("cancel_everything", lets_the_caller_run_on, "the provider has seen every client go"),
    Row("a_thousand_sessions", mixes_sessions_up, "its text at character"),
    Row("a_day_in_the_life", never_tries_again, "share of failed is", {"sessions": 100}),
    Row("a_day_in_the_life", takes_half_for_the_whole, "at character", BAD_DAY),
    Row("a_falling_tree", leaves_what_was_delegated, "every turn ends with the root's"),
    Row("a_falling_tree", ends_the_oldest_first, "they end the newest first"),
    Row("a_research_company", sees_no_circle, "nobody waits for the deadline of an ask in a circle"),
    Row("understudies", brings_back_nobody_else, "those begin anew whom the strategy names"),
    Row("fault_coverage", knows_no_broken_body, "internal"),
    Row(
        "fault_coverage",
        takes_half_for_the_whole,
        "an incomplete attempt's is broken",
        {"params": {"tools": True}},
    ),
    Row("fault_coverage", tries_every_tool_again, "the effect happens once", {"params": {"tools": True}}),
    Row("tool_storm", runs_all_at_once, "no more than 4 of a session run at once"),
    Row("tool_storm", mixes_results_up, "each call has its own result, in the order of the calls"),
    Row("approval_desk", asks_nobody, "nobody was asked"),
    Row("approval_desk", forgets_always, "nobody is asked again who has said always"),
    Row("approval_desk", runs_as_the_model_asked, "what was decided is what ran"),
    Row("misbehaving_tools", takes_all_that_a_tool_says, "no result is longer than it may be"),
    Row("misbehaving_tools", tells_all_progress, "a flood of progress is thinned"),
    Row("misbehaving_tools", tries_every_tool_again, "is not idempotent"),
)
SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_passes_in_simulated_time(name: str) -> None:
    report = played(name)
    assert report.passed, list(complaints(report))


@pytest.mark.parametrize("row", MUTATIONS, ids=lambda row: f"{row.scenario}-{row.mutate.__name__}")
def test_it_fails_where_the_runtime(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    row.mutate(monkeypatch)
    report = played(row.scenario, **row.settings)
    said = list(complaints(report))
    assert not report.passed
    assert report.ending == "finished", report.error
    assert any(row.said in line for line in said), said[:12]


def test_each_scenario_has_its_mutation() -> None:
    assert {row.scenario for row in MUTATIONS} == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_says_what_it_shows(name: str) -> None:
    scenario = load(FOLDER / f"{name}.py")
    module = scenario.script.__globals__["__doc__"]
    assert "    greenroom run " in module
    assert f"scenarios/{name}.py" in module
    assert scenario.story.endswith(".")
    assert scenario.name == name
