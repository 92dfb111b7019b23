from __future__ import annotations

import socket

import httpx
import pytest

from actors.provider import SESSION_HEADER, Gate, Pause, Reply, ScriptedProvider

ASK = {"model": "m", "messages": []}


def test_nobody_answers_at_the_refused_url(provider: ScriptedProvider) -> None:
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.post(f"{provider.refused_url}/chat/completions", json=ASK)
    assert provider.requests == ()


def test_a_door_refuses_until_it_is_opened_and_plays_the_same_scripts(provider: ScriptedProvider) -> None:
    door = provider.door()
    endpoint = door.endpoint(model="m")
    assert endpoint.session_header == SESSION_HEADER
    provider.script("m", Reply("in"))
    with httpx.Client(base_url=endpoint.base_url, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            client.post("chat/completions", json=ASK)
        door.open()
        door.open()
        assert "in" in client.post("chat/completions", json=ASK).text
        door.shut()
        with pytest.raises(httpx.ConnectError):
            client.post("chat/completions", json=ASK)
        door.open()
        assert "in" in client.post("chat/completions", json=ASK).text
    assert door.base_url == endpoint.base_url
    assert len(provider.requests_of("m")) == 2


def test_the_port_of_a_shut_door_is_taken(provider: ScriptedProvider) -> None:
    door = provider.door()
    assert not door.is_open
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", door.port))


def test_refusing_lasts_until_the_last_block_is_left(provider: ScriptedProvider) -> None:
    first, second = provider.refusing(), provider.refusing()
    with httpx.Client(base_url=provider.base_url, trust_env=False) as client:
        with second:
            with first:
                pass
            with pytest.raises(httpx.ConnectError):
                client.post("chat/completions", json=ASK)
        assert client.post("chat/completions", json=ASK).status_code == 200


def test_while_refusing_what_is_under_way_goes_on(provider: ScriptedProvider) -> None:
    gate = Gate()
    provider.script("m", Reply("to the end", faults=(Pause(gate=gate, after=1),)))
    with httpx.Client(base_url=provider.base_url, trust_env=False) as client:
        with client.stream("POST", "chat/completions", json={**ASK, "stream": True}) as response:
            gate.wait_reached()
            with provider.refusing():
                with httpx.Client(trust_env=False) as other, pytest.raises(httpx.ConnectError):
                    other.post(f"{provider.base_url}/chat/completions", json=ASK)
                gate.set()
                assert b"[DONE]" in response.read()
        assert client.post("chat/completions", json=ASK).status_code == 200
