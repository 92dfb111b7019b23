"""The law of budgets, on whole companies in simulated time: no spend past a limit beyond what was in flight."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import Budget, RetryPolicy, ToolContext, TurnFailedError, tool
from actors.company.spend import Spend
from actors.core.tokens import Estimator
from actors.events import TurnCancelled, TurnCompleted, TurnFailed, TurnStarted
from actors.outcome import BudgetExceeded
from actors.provider import Call, Eof, Reply, Status
from actors.provider.ledger import ObservedRequest
from actors.provider.plays import Play
from actors.sim import Simulation
from actors.sim.simulation import EPOCH

MOST_INPUT = 100
MOST_OUTPUT = 250
"""The most that a request of a company is reported to use, in tokens; estimates of answers are within that, too."""
UNDER_WAY_S = 1.0
"""How long a request, or the news that nobody waits for it, may be under way."""


def replies() -> st.SearchStrategy[Play]:
    whole = st.builds(
        Reply,
        text=st.integers(1, 200).map(lambda words: "word " * words),
        usage=st.booleans(),
        prompt_tokens=st.integers(1, MOST_INPUT),
        completion_tokens=st.integers(1, MOST_OUTPUT),
        delta_chars=st.just(40),
        pace_s=st.sampled_from([0.0, 0.01, 0.5]),
    )
    return whole | st.builds(lambda reply: reply.but(Eof(after="in_text")), whole) | st.just(Status(503))


class Company(NamedTuple):
    seed: int
    plays: dict[str, list[Play]]
    budget: Budget
    most: dict[str, Any]


COMPANIES = st.builds(
    Company,
    seed=st.integers(0, 1000),
    plays=st.dictionaries(
        st.sampled_from(["ann", "bob", "cem", "dan"]), st.lists(replies(), min_size=1, max_size=6), min_size=1
    ),
    budget=st.builds(
        Budget,
        tokens=st.none() | st.integers(0, 1500),
        steps=st.none() | st.integers(0, 12),
        seconds=st.none() | st.floats(0.5, 100),
        tool_calls=st.none() | st.integers(0, 1),
    ),
    most=st.sampled_from([{}, {"max_tokens": MOST_OUTPUT}]),
)


class Played(NamedTuple):
    """What became of a company."""

    events: list[Any]
    requests: tuple[ObservedRequest, ...]
    spent: Spend
    reserved: Spend
    out: BudgetExceeded | None


def play(company: Company) -> Played:
    sim = Simulation(company.seed, default=Reply("done", prompt_tokens=5, completion_tokens=5))
    sim.provider.script("root", Reply("", tool_calls=(Call("delegate", "{}"),), prompt_tokens=5))
    for name, plays in company.plays.items():
        sim.provider.script(name, *plays)

    @tool(timeout=None)
    async def delegate(context: ToolContext) -> None:
        """Let each of them work for as long as there is work."""

        async def work(name: str) -> None:
            child = context.here.spawn(id=name, body=company.most, retry=RetryPolicy(max_retries=1))
            for _ in company.plays[name]:
                await child.send("Work.")

        await asyncio.gather(*map(work, company.plays), return_exceptions=True)

    async def main() -> Played:
        async with sim.runtime() as runtime:
            told = runtime.events()
            root = runtime.spawn(id="root", tools=[delegate], budget=company.budget)
            with contextlib.suppress(TurnFailedError):
                await root.send("Begin.")
            await runtime.drain()
            account = root._ledger.account
            events = [event async for event in told]
            return Played(events, sim.provider.requests, account.spent, account.reserved, account.out)

    played = sim.run(main)
    assert not sim.leftovers()
    return played


def most_of(request: ObservedRequest) -> int:
    """The most that a request counts as, reported or estimated."""
    return max(MOST_INPUT, Estimator.of(messages=request.body["messages"]).fixed) + MOST_OUTPUT


@settings(deadline=None, max_examples=30)
@given(company=COMPANIES)
def test_no_spend_past_a_limit_beyond_what_was_in_flight(company: Company) -> None:
    events, requests, spent, reserved, out = play(company)
    assert reserved == Spend()
    begun = {(event.session, event.turn) for event in events if isinstance(event, TurnStarted)}
    ends = [event for event in events if isinstance(event, TurnCompleted | TurnFailed | TurnCancelled)]
    assert Counter((event.session, event.turn) for event in ends) == dict.fromkeys(begun, 1)
    for used, allowed in ((spent.steps, company.budget.steps), (spent.tool_calls, company.budget.tool_calls)):
        assert allowed is None or used <= allowed
    in_flight: list[ObservedRequest] = []
    if out is not None:
        stopped = [event for event in ends if isinstance(event, TurnFailed) and event.outcome == out]
        when = min(event.timestamp for event in stopped) - EPOCH
        assert all(one.received_at <= when + UNDER_WAY_S for one in requests), "nothing begins after it"
        in_flight = [one for one in requests if one.ended_at is None or one.ended_at >= when - UNDER_WAY_S]
    if company.budget.tokens is not None:
        assert spent.tokens <= company.budget.tokens + sum(map(most_of, in_flight))
