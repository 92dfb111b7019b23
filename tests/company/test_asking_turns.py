"""Asks of turns: the model's tools, circles, and asks that end with the turn that asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import pytest

from actors import AskCycleError, Runtime, RuntimeConfig, Session, ToolContext, talk_tools, tool
from actors.events import ToolCallFinished, TurnCancelled, TurnCompleted
from actors.provider import Call, Play, Reply
from actors.sim import Simulation
from tests.company.waiting import until_quiet

LISTED = '{"sessions":[{"id":"bob","state":"idle","waiting":0}],"rooms":["lobby"]}'
SLOW = Reply("Wait ... here it is.", pace_s=1.0)
Scene = Callable[[Runtime, dict[str, Session]], Coroutine[Any, Any, None]]


def asks(whom: str, text: str = "What do you say?") -> Reply:
    return Reply("", tool_calls=(Call("ask_session", f'{{"session": "{whom}", "text": "{text}"}}'),))


def play(
    scripts: Mapping[str, Sequence[Play]],
    scene: Scene,
    *,
    seed: int = 1,
    ask_timeout: float = 60,
    tools: Sequence[Any] = (),
    **config: Any,
) -> Simulation:
    """Sessions that have the tools to talk, each with its plays."""
    sim = Simulation(seed)
    for name, plays in scripts.items():
        sim.provider.script(name, *plays)

    async def main() -> None:
        async with sim.runtime(config=RuntimeConfig(**config)) as runtime:
            given = [*talk_tools(ask_timeout=ask_timeout), *tools]
            cast = {name: runtime.spawn(id=name, tools=given) for name in scripts}
            await scene(runtime, cast)
            await until_quiet(runtime)
            await next(iter(cast.values())).others()  # a barrier: the switchboard has heard of all ends
            exchange = runtime._services.exchange
            assert exchange.asks == {}
            assert not any(exchange.waits.path(a, b) for a in scripts for b in scripts if a != b)

    sim.run(main)
    assert not sim.leftovers()
    return sim


async def content_of(session: Session, text: str = "Go on.") -> list[tuple[str, str]]:
    """Run a turn, and give what its calls gave."""
    with session.stream(text) as events:
        return [
            (event.result, event.content) async for event in events if isinstance(event, ToolCallFinished)
        ]


def test_a_model_asks_another_session_and_gets_its_answer() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        assert await content_of(cast["ada"]) == [("ok", "Blue.")]

    sim = play({"ada": [asks("bob", "Which colour?"), Reply("It is blue.")], "bob": [Reply("Blue.")]}, scene)
    (request,) = sim.provider.requests_of("bob")
    assert request.body["messages"][-1]["content"] == "From 'ada':\n\nWhich colour?"


def test_a_circle_of_asks_is_an_error_at_once_that_names_the_path() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        events = cast["cid"].events()
        assert await content_of(cast["ada"]) == [("ok", "Bob's.")]
        async for event in events:
            if isinstance(event, ToolCallFinished):
                path = "cid -> ada -> bob -> cid"
                assert (event.result, event.content) == (
                    "error", f"sessions would wait for each other for ever: {path}",
                )  # fmt: skip
                break
        assert asyncio.get_running_loop().time() < 5

    for seed in range(20):
        play(
            {
                "ada": [asks("bob"), Reply("Ada's.")],
                "bob": [asks("cid"), Reply("Bob's.")],
                "cid": [asks("ada"), Reply("Cid's.")],
            },
            scene,
            seed=seed,
        )


def test_two_that_ask_each_other_in_the_same_moment_do_not_wait_for_ever() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        contents = await asyncio.gather(*(content_of(session) for session in cast.values()))
        assert sorted(outcome for ((outcome, _),) in contents) == ["error", "ok"]
        assert asyncio.get_running_loop().time() < 5

    for seed in range(20):
        cast = {name: [asks(other), Reply("Fine."), Reply("Fine.")] for name, other in ("ab", "ba")}
        play(cast, scene, seed=seed)


def test_who_asks_itself_in_a_turn_would_wait_for_ever() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        ((outcome, content),) = await content_of(cast["ada"])
        assert (outcome, content[-10:]) == ("error", "ada -> ada")

    play({"ada": [asks("ada"), Reply("Well.")]}, scene)


def test_a_circle_is_an_error_of_its_own_in_python() -> None:
    seen: list[AskCycleError] = []

    @tool
    async def try_it(context: ToolContext) -> str:
        """Asks whoever asked."""
        try:
            await context.here.ask("ada", "You too?")
        except AskCycleError as error:
            seen.append(error)
        return "tried"

    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        await content_of(cast["ada"])

    tries = Reply("", tool_calls=(Call("try_it", "{}"),))
    play({"ada": [asks("bob"), Reply("Well.")], "bob": [tries, Reply("Yes.")]}, scene, tools=[try_it])
    assert [error.path for error in seen] == [("bob", "ada", "bob")]


def test_who_was_answered_may_be_asked_back() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        assert await content_of(cast["ada"]) == [("ok", "Bob's.")]
        assert await content_of(cast["bob"]) == [("ok", "Ada's second.")]

    for seed in range(20):
        play(
            {
                "ada": [asks("bob"), Reply("Ada's."), Reply("Ada's second.")],
                "bob": [Reply("Bob's."), asks("ada"), Reply("Bob's second.")],
            },
            scene,
            seed=seed,
        )


def test_an_ask_is_cancelled_with_the_turn_that_asked_all_the_way_down() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        events = runtime.events()
        handle = cast["ada"].send("Go on.")
        await asyncio.sleep(2)
        assert len(runtime._services.exchange.asks) == 2
        handle.cancel("enough")
        ended = []
        async for event in events:
            if isinstance(event, TurnCancelled):
                ended.append(event.session)
            if len(ended) == 3:
                break
        assert ended == ["ada", "bob", "cid"]
        assert asyncio.get_running_loop().time() < 3

    play({"ada": [asks("bob")], "bob": [asks("cid")], "cid": [SLOW]}, scene)


def test_an_ask_of_a_tool_is_given_up_with_its_call() -> None:
    @tool(timeout=2)
    async def impatient(context: ToolContext) -> str:
        """Waits less than it asks for."""
        return str(await context.here.ask("bob", "Quick!"))

    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        events = cast["bob"].events()
        assert [outcome for outcome, _ in await content_of(cast["ada"])] == ["timeout", "ok"]
        cast["bob"].close()
        ends = [type(event) async for event in events if isinstance(event, TurnCancelled | TurnCompleted)]
        assert ends == [TurnCancelled, TurnCompleted]

    waits = Reply("", tool_calls=(Call("impatient", "{}"),))
    play(
        {"ada": [waits, asks("bob"), Reply("Well.")], "bob": [SLOW, Reply("Now.")]}, scene, tools=[impatient]
    )


def test_a_model_is_told_what_went_wrong() -> None:
    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        ((late, why),) = await content_of(cast["ada"])
        assert (late, why) == ("error", "session 'bob' gave no answer within 1 s")
        ((nobody, why),) = await content_of(cast["ada"])
        assert (nobody, why[:26]) == ("error", "no session is named 'eve':")

    play({"ada": [asks("bob"), Reply("Oh."), asks("eve"), Reply("Oh.")], "bob": [SLOW]}, scene, ask_timeout=1)


def test_a_model_tells_says_and_looks_who_is_there() -> None:
    looks = Call("list_sessions", "{}")
    calls = (
        Call("tell_session", '{"session": "bob", "text": "Psst."}'),
        Call("say_in_room", '{"room": "lobby", "text": "Hello, all."}'),
        Call("say_in_room", '{"room": "attic", "text": "Anyone?"}'),
    )

    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        room = runtime.room("lobby")
        for name in ("ada", "bob"):
            await room.join(name)
        assert sorted(await content_of(cast["ada"])) == [
            ("error", "there is no room 'attic'"),
            ("ok", "It will hear it."),
            ("ok", "They will hear it."),
            ("ok", LISTED),
        ]
        await until_quiet(runtime)
        told = [message["content"] for message in await cast["bob"].history() if message["role"] == "user"]
        assert sorted(told) == ["From 'ada':\n\nPsst.", "In the room 'lobby':\n\n'ada' says: Hello, all."]

    play(
        {
            "ada": [Reply("", tool_calls=(looks,)), Reply("", tool_calls=calls), Reply("Well.")],
            "bob": [Reply("Hm.")],
        },
        scene,
    )


@pytest.mark.parametrize("queued", [0, 2])
def test_who_is_asked_needs_no_slot_of_its_own(queued: int) -> None:
    """One turn at a time, and the one that runs waits for another: that works in its slot, as do those before it."""

    async def scene(runtime: Runtime, cast: dict[str, Session]) -> None:
        turn = cast["ada"].send("Go on.")
        others = [cast["bob"].send("You too.") for _ in range(queued)]
        assert isinstance(await turn, TurnCompleted)
        for other in others:
            await other

    play({"ada": [asks("bob"), Reply("Well.")], "bob": [Reply("Yes.")]}, scene, max_active_turns=1)
