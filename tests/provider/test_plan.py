"""What goes wrong beside the scripts: for whom, how often, by what chance, from when to when."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ConfigError
from actors.provider import (
    SESSION_HEADER,
    Eof,
    Gate,
    Pause,
    Reply,
    Reset,
    ScriptedProvider,
    Status,
    bandwidth,
    latency,
    limit_data,
    reset_peer,
    timeout,
)
from actors.provider.plan import Plan, Rule

LINE = Reply("To be, or not to be.")
BUSY = Status(429)
BODY = {"model": "m", "messages": [], "stream": True}


def plays(plan: Plan, key: str, requests: int, moment: float = 0.0) -> list[object]:
    return [plan.course(key, number, LINE, moment).play for number in range(1, requests + 1)]


def laid(*rules: Rule, seed: int = 0) -> Plan:
    plan = Plan(seed)
    for rule in rules:
        plan.lay(rule)
    return plan


def test_without_rules_everything_is_the_scripts() -> None:
    course = laid().course("ada", 1, LINE, 0)
    assert (course.play, course.toxics) == (LINE, ())


def test_a_play_takes_the_scripts_place_and_a_fault_goes_into_it() -> None:
    assert plays(laid(Rule(what=BUSY)), "ada", 1) == [BUSY]
    assert plays(laid(Rule(what=Reset(after=1))), "ada", 1) == [LINE.but(Reset(after=1))]


def test_it_is_about_those_that_are_named() -> None:
    plan = laid(Rule(what=BUSY, of=("vip-*", "bob")))
    assert [plays(plan, key, 1)[0] is BUSY for key in ("vip-1", "bob", "ada", "bobby")] == [
        True,
        True,
        False,
        False,
    ]


def test_so_many_times_for_each() -> None:
    plan = laid(Rule(what=BUSY, times=2))
    assert plays(plan, "ada", 3) == [BUSY, BUSY, LINE]
    assert plays(plan, "bob", 3) == [BUSY, BUSY, LINE]


def test_from_one_moment_to_another() -> None:
    plan = laid(Rule(what=BUSY, at=10, lasting=5))
    assert [plays(plan, "ada", 1, moment)[0] is BUSY for moment in (9.9, 10, 14.9, 15)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_fault_without_a_place_in_the_reply_is_not_counted() -> None:
    plan = laid(Rule(what=Reset(after="in_tool_call"), times=1))
    assert plays(plan, "ada", 2) == [LINE, LINE]
    ended = LINE.but(Eof(after=0))
    assert plan.course("ada", 3, ended, 0).play == ended
    plan = laid(Rule(what=Reset(after=1), times=1))
    assert plan.course("ada", 1, BUSY, 0).play == BUSY
    assert plan.course("ada", 2, LINE, 0).play == LINE.but(Reset(after=1))


def test_faults_go_into_the_play_that_took_the_place_whichever_was_laid_first() -> None:
    other = Reply("Words, words, words.")
    for rules in (
        (Rule(what=Reset(after=1)), Rule(what=other)),
        (Rule(what=other), Rule(what=Reset(after=1))),
    ):
        assert plays(laid(*rules), "ada", 1) == [other.but(Reset(after=1))]


def test_toxics_are_laid_over_whatever_is_played() -> None:
    slow, late = bandwidth(rate=1), latency(latency_ms=5)
    course = laid(Rule(what=slow), Rule(what=BUSY), Rule(what=late)).course("ada", 1, LINE, 0)
    assert course.play == BUSY
    assert [toxic for toxic, _ in course.toxics] == [slow, late]


@given(st.integers(0, 1000), st.lists(st.sampled_from("abcde"), min_size=1, max_size=40), st.randoms())
def test_chance_does_not_depend_on_the_order_in_which_sessions_come(
    seed: int, keys: list[str], shuffle: random.Random
) -> None:
    def told(keys: list[str]) -> dict[tuple[str, int], bool]:
        plan, numbers, found = laid(Rule(what=BUSY, chance=0.5), seed=seed), dict.fromkeys(keys, 0), {}
        for key in keys:
            numbers[key] += 1
            found[key, numbers[key]] = plan.course(key, numbers[key], LINE, 0).play is BUSY
        return found

    otherwise = list(keys)
    shuffle.shuffle(otherwise)
    assert told(keys) == told(otherwise)


def test_chance_is_about_as_often_as_it_says_and_differs_by_seed() -> None:
    drawn = [plays(laid(Rule(what=BUSY, chance=0.2), seed=seed), "ada", 500) for seed in range(3)]
    assert all(60 < one.count(BUSY) < 140 for one in drawn)
    assert drawn[0] != drawn[1] != drawn[2]
    assert BUSY not in plays(laid(Rule(what=BUSY, chance=0)), "ada", 100)


@pytest.mark.parametrize(
    ("field", "value"),
    [("what", "late"), ("times", 0), ("chance", 1.5), ("at", -1), ("lasting", 0), ("of", 3)],
)
def test_what_can_not_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"Rule\.{field}"):
        Rule(**{"what": BUSY, field: value})  # type: ignore[arg-type]


# On the wire.


def ask(client: httpx.Client, key: str) -> httpx.Response:
    return client.post("/chat/completions", json=BODY, headers={SESSION_HEADER: key})


def test_faults_of_a_running_provider(provider: ScriptedProvider, client: httpx.Client) -> None:
    provider.fault(BUSY, "turned-*", times=1)
    provider.fault(limit_data(bytes=300), "cut")
    provider.fault(reset_peer(), "reset")
    provider.fault(timeout(timeout=1), ("gone",))
    assert [ask(client, "turned-away").status_code for _ in range(2)] == [429, 200]
    for key, error in (
        ("cut", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("gone", httpx.RemoteProtocolError),
    ):
        with pytest.raises(error):
            ask(client, key)
        assert provider.requests_of(key)[0].outcome == "fault"
    assert ask(client, "ada").text.endswith("data: [DONE]\n\n")


def test_a_provider_that_refuses_takes_nothing_more_by_a_connection_that_was_busy(
    provider: ScriptedProvider,
) -> None:
    gate = Gate()
    provider.script("busy", LINE.but(Pause(after=1, gate=gate)), LINE)

    async def main() -> None:
        async with httpx.AsyncClient(base_url=provider.base_url, trust_env=False) as client:
            headers = {SESSION_HEADER: "busy"}
            first = asyncio.create_task(client.post("/chat/completions", json=BODY, headers=headers))
            await asyncio.to_thread(provider.reached, "busy")
            with provider.refusing():
                gate.set()
                assert (await first).text.endswith("data: [DONE]\n\n")
                assert await asyncio.to_thread(provider.wait_disconnected)
                with pytest.raises(httpx.ConnectError):
                    await client.post("/chat/completions", json=BODY, headers=headers)
            assert (await client.post("/chat/completions", json=BODY, headers=headers)).status_code == 200

    asyncio.run(main())
