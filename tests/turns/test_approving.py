"""Who may run what: policies, decisions by callbacks, actors and hosts, and what becomes of calls nobody decides on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ApprovalRequest, Approvals, Approve, ConfigError, Reject, Rule, Session, TurnHandle, tool
from actors.core.permission import judge
from actors.errors import ArgumentsError
from actors.events import ApprovalDecided, ApprovalRequested, ToolCallStarted, TurnCancelled
from actors.kernel.loop_actor import LoopActor
from actors.provider import Call
from actors.sim import Simulation
from tests.turns.acting import DONE, Acted, act, asks

ASK = Approvals(rules=(Rule("remove"),), timeout=60)
ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@tool
async def remove(path: str) -> str:
    """Remove."""
    ran.append(path)
    return f"removed {path}"


CALL = Call("remove", '{"path": "/data/x"}')


def approve(decide: Any, *calls: Call, approvals: Approvals = ASK, **settings: Any) -> Acted:
    return act(
        asks(*(calls or (CALL,))),
        DONE,
        tools=[remove],
        approvals=approvals,
        on_approval=decide,
        **settings,
    )


@pytest.mark.parametrize(
    ("decision", "told", "result", "runs"),
    [
        (True, "approved", "ok", ["/data/x"]),
        (False, "rejected", "rejected", []),
        (Approve(), "approved", "ok", ["/data/x"]),
        (Approve(arguments={"path": "/data/y"}), "modified", "ok", ["/data/y"]),
        (Reject(reason="not that one"), "rejected", "rejected", []),
        (None, "expired", "rejected", []),
        ("yes", "rejected", "rejected", []),
        (Approve(arguments={"way": "/data/y"}), "rejected", "rejected", []),
    ],
    ids=repr,
)
@pytest.mark.parametrize("asynchronous", [True, False], ids=["async", "sync"])
def test_a_callback_decides(
    asynchronous: bool, decision: Any, told: str, result: str, runs: list[str]
) -> None:
    asked: list[ApprovalRequest] = []

    def decide(request: ApprovalRequest) -> Any:
        asked.append(request)
        return decision

    async def decide_later(request: ApprovalRequest) -> Any:
        return decide(request)

    acted = approve(decide_later if asynchronous else decide)
    assert [event.decision for event in acted.of(ApprovalDecided)] == [told]
    assert acted.results == {"call_1": result}
    assert ran == runs
    assert (asked[0].name, asked[0].arguments, asked[0].key) == ("remove", {"path": "/data/x"}, "remove")
    if isinstance(decision, Reject):
        assert acted.contents["call_1"] == "not run, it was rejected: not that one"


def test_a_callback_that_fails_is_a_rejection_that_says_so() -> None:
    def decide(_: ApprovalRequest) -> bool:
        raise ZeroDivisionError("boom")

    acted = approve(decide)
    assert acted.contents["call_1"] == "not run, it was rejected: on_approval failed: ZeroDivisionError: boom"
    assert ran == []


def test_nobody_decides_within_the_timeout() -> None:
    acted = approve(None)
    assert acted.contents["call_1"] == "not run, it was rejected: nobody decided within 60 s"
    (decided,) = acted.of(ApprovalDecided)
    assert decided.waited == pytest.approx(60)
    assert 60 < acted.seconds < 62


def test_always_holds_for_the_key_and_the_session() -> None:
    policy = Approvals(rules=(Rule("remove", key=("path",)),))
    other = Call("remove", '{"path": "/data/other"}')
    asked: list[str] = []

    def decide(request: ApprovalRequest) -> Approve:
        asked.append(request.key)
        return Approve(always=True)

    acted = act(
        asks(CALL), asks(CALL), asks(other), DONE, tools=[remove], approvals=policy, on_approval=decide
    )
    assert asked == ['remove(path="/data/x")', 'remove(path="/data/other")']
    assert ran == ["/data/x", "/data/x", "/data/other"]
    assert [event.decision for event in acted.of(ApprovalDecided)] == ["always", "always"]


def test_always_settles_the_calls_beside_it_too() -> None:
    async def decide_on_the_first(session: Session, handle: TurnHandle) -> None:
        async for event in session.events():
            if isinstance(event, ApprovalRequested):
                await session.approve(event.approval, always=True)
                break
        await handle

    beside = Call("remove", '{"path": "/data/y"}')
    acted = act(asks(CALL, beside), DONE, tools=[remove], approvals=ASK, drive=decide_on_the_first)
    assert len(acted.of(ApprovalRequested)) == 2
    assert [event.decision for event in acted.of(ApprovalDecided)] == ["always", "always"]
    assert sorted(ran) == ["/data/x", "/data/y"]


def test_a_denial_is_told_with_its_reason_and_nobody_is_asked() -> None:
    policy = Approvals(
        rules=(Rule("remove", "deny", arguments=(("path", "/data/*"),), reason="not in /data"),)
    )
    acted = approve(lambda _: True, CALL, Call("remove", '{"path": "/var/x"}'), approvals=policy)
    assert acted.contents["call_1"] == "not run, it was rejected: not in /data"
    assert ran == ["/var/x"]
    assert acted.of(ApprovalRequested) == ()


def decided_by_host(decide: Callable[[Session, ApprovalRequested], Awaitable[None]]) -> Acted:
    async def drive(session: Session, handle: TurnHandle) -> None:
        async for event in session.events():
            if isinstance(event, ApprovalRequested):
                await decide(session, event)
                break
        await handle

    return act(asks(CALL), DONE, tools=[remove], approvals=ASK, drive=drive)


def test_a_host_decides_by_the_request_s_id() -> None:
    async def decide(session: Session, event: ApprovalRequested) -> None:
        assert not await session.approve("another")
        with pytest.raises(ArgumentsError, match="way"):
            await session.approve(event.approval, arguments={"way": "/data/y"})
        assert await session.approve(event.approval, arguments={"path": "/data/y"})
        assert not await session.reject(event.approval)

    acted = decided_by_host(decide)
    assert ran == ["/data/y"]
    assert acted.of(ToolCallStarted)[0].arguments == '{"path":"/data/y"}'


def test_a_turn_that_is_cancelled_withdraws_its_requests() -> None:
    async def decide(session: Session, event: ApprovalRequested) -> None:
        session.cancel()
        await session.history()
        assert not await session.approve(event.approval)

    acted = decided_by_host(decide)
    assert isinstance(acted.terminal, TurnCancelled)
    assert [event.decision for event in acted.of(ApprovalDecided)] == ["withdrawn"]
    assert acted.results == {"call_1": "interrupted"}
    assert ran == []


class Desk(LoopActor):
    """Decides by message."""

    def on_receive(self, message: Any) -> Any:
        assert isinstance(message, ApprovalRequest)
        return Approve()


class DeskWithAThread(pykka.ThreadingActor):
    """The same, in a thread of its own."""

    use_daemon_thread = True

    def on_receive(self, message: Any) -> Any:
        assert isinstance(message, ApprovalRequest)
        return Reject(reason="from a thread")


def test_another_actor_decides() -> None:
    sim = Simulation(1)
    sim.provider.script("s", asks(CALL), DONE)

    async def main() -> None:
        async with sim.runtime() as runtime:
            desk = sim.dispatcher().spawn(Desk)
            session = runtime.spawn(id="s", tools=[remove], approvals=ASK, on_approval=desk)
            await session.send("Go on.")
            desk.stop(block=False)

    sim.run(main)
    assert ran == ["/data/x"]


def test_a_callback_needs_a_policy() -> None:
    with pytest.raises(ConfigError, match="needs approvals"):
        act(DONE, tools=[], on_approval=lambda _: True)


NAMES = st.text("abc_*", min_size=1, max_size=4)


@given(
    st.lists(st.tuples(NAMES, st.sampled_from(["allow", "ask", "deny"])), max_size=4),
    st.sampled_from(["allow", "ask", "deny"]),
    st.text("abc_", min_size=1, max_size=4),
)
def test_the_first_rule_that_fits_decides(rules: list[tuple[str, Any]], otherwise: Any, name: str) -> None:
    policy = Approvals(rules=tuple(Rule(glob, verdict) for glob, verdict in rules), otherwise=otherwise)
    verdict = judge(policy, name, {}).verdict
    fitting = [
        v for glob, v in rules if judge(Approvals(rules=(Rule(glob, "deny"),)), name, {}).verdict == "deny"
    ]
    assert verdict == (fitting[0] if fitting else otherwise)


@pytest.mark.parametrize(
    ("globs", "arguments", "fits"),
    [
        ({"path": "/data/*"}, {"path": "/data/a"}, True),
        ({"path": "/data/*"}, {"path": "/var/a"}, False),
        ({"path": "/data/*"}, {}, False),
        ({"a.b": "true"}, {"a": {"b": True}}, True),
        ({"a.b": "*"}, {"a": "b"}, False),
        ({"n": "[12]"}, {"n": 2}, True),
        ({"n": "1", "m": "1"}, {"n": 1, "m": 2}, False),
    ],
)
def test_arguments_are_matched_by_path(globs: Any, arguments: Any, fits: bool) -> None:
    ruling = judge(Approvals(rules=(Rule("*", "deny", arguments=globs),)), "any", arguments)
    assert (ruling.verdict == "deny") is fits
