"""Several endpoints in one runtime, by name; and what goes with them."""

from __future__ import annotations

from typing import Any

import pytest

from actors import Deadlines, Endpoint, Runtime, RuntimeConfig, SessionConfig, TurnFailedError
from actors.errors import ConfigError
from actors.provider import Gate, Pause, Reply, ScriptedProvider


def test_sessions_and_turns_name_their_endpoint() -> None:
    with ScriptedProvider() as provider:
        fast, slow = provider.endpoint(model="fast-1"), provider.endpoint(model="slow-1")
        with Runtime("fast", endpoints={"fast": fast, "slow": slow}) as runtime:
            runtime.spawn().run("Hi.")
            session = runtime.spawn(endpoint="slow")
            session.run("Hi.")
            session.run("Hi.", endpoint="fast")
            session.run("Hi.", endpoint=provider.endpoint(model="other"))
            for item in runtime.map(["Hi."], endpoint="slow"):
                assert item.error is None
        models = [request.body["model"] for request in provider.requests]
    assert models == ["fast-1", "slow-1", "fast-1", "other", "slow-1"]


def test_a_single_named_endpoint_is_the_default() -> None:
    with ScriptedProvider() as provider, Runtime(endpoints={"only": provider.endpoint()}) as runtime:
        assert runtime.spawn().run("Hi.").text


def test_a_name_that_there_is_not_is_said_where_it_is_used() -> None:
    here = Endpoint(base_url="http://127.0.0.1:9", model="m")
    with pytest.raises(ConfigError, match="no endpoint is named 'c'; there are a, b"):
        Runtime("c", endpoints={"a": here, "b": here})
    with pytest.raises(ConfigError, match="must be an Endpoint, not str"):
        Runtime(endpoints={"a": "http://x"})  # type: ignore[dict-item]
    with Runtime(endpoints={"a": here, "b": here}) as runtime:
        with pytest.raises(ConfigError, match="by one of the names a, b"):
            runtime.spawn()
        session = runtime.spawn("a")
        with pytest.raises(ConfigError, match="no endpoint is named 'c'"):
            session.send("Hi.", endpoint="c")
        with pytest.raises(ConfigError, match="not int"):
            session.send("Hi.", endpoint=3)
    with Runtime(here) as runtime, pytest.raises(ConfigError, match="was given none"):
        runtime.spawn("a")


@pytest.mark.parametrize(
    ("spawned", "sent", "seconds"),
    [
        ({}, {}, 0.02),
        ({"deadlines": Deadlines(first_event=0.03)}, {}, 0.03),
        ({}, {"deadlines": Deadlines(first_event=0.04)}, 0.04),
        ({"deadlines": Deadlines(first_event=0.03)}, {"endpoint": "hasty"}, 0.02),
        ({}, {"endpoint": "hasty", "deadlines": Deadlines(first_event=0.04)}, 0.04),
    ],
)
def test_an_endpoint_s_deadlines_count_where_no_others_are_given(
    spawned: dict[str, Any], sent: dict[str, Any], seconds: float
) -> None:
    config = RuntimeConfig(session=SessionConfig(retry=None, deadlines=Deadlines(first_event=0.01)))
    with ScriptedProvider(default=Reply("late").but(Pause(gate=Gate(), after="before_headers"))) as provider:
        hasty = provider.endpoint(deadlines=Deadlines(first_event=0.02))
        with (
            Runtime(endpoints={"hasty": hasty}, config=config) as runtime,
            pytest.raises(TurnFailedError) as failed,
        ):
            runtime.spawn(**spawned).run("Hi.", **sent)
    outcome = failed.value.event.outcome
    assert (outcome.reason, getattr(outcome, "seconds", None)) == ("stalled:first_event", seconds)
