from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from actors import ConfigError, Intensity, McpServer, Runtime, Secret, UsageError
from actors.errors import SimulationError
from actors.mcp.supervisor import backoff
from actors.sim import Simulation
from tests.mcp.playing import wants_mcp


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "McpServer.command: is to be given, or a `url`"),
        ({"command": "a", "url": "http://b/"}, "one of the two"),
        ({"command": "a", "headers": {"x": "y"}}, "are for a `url`"),
        ({"command": "a\0b"}, "must not hold NUL"),
        ({"command": "a", "inherit": ["A=B"]}, "McpServer.inherit"),
        ({"url": "ftp://a/"}, "must begin with http:// or https://"),
        ({"url": "http://a:port/"}, "is no URL"),
        ({"url": "http://me:word@a/"}, "must not hold a user or password"),
        ({"url": "http://a/ b"}, "must hold no spaces"),
        ({"url": "http://a/", "args": ["x"]}, "takes no `args`"),
        ({"url": "http://a/", "headers": {"x y": "z"}}, "'x y' is no header name"),
        ({"url": "http://a/", "headers": {"x": "y\n"}}, "must be printable ASCII"),
        ({"command": "a", "timeout": 0}, "McpServer.timeout"),
    ],
)
def test_what_can_t_be_is_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        McpServer(**given)
    assert complaint in str(refused.value)


def test_keys_are_not_shown() -> None:
    server = McpServer(
        url="http://a/mcp?token=keyword-1", api_key=Secret("keyword-2"), headers=(("x-key", "keyword-3"),)
    )
    process = McpServer(command="a", env=(("KEY", "keyword-4"), ("LEVEL", "1")))
    shown = repr(server) + repr(process) + server.where
    assert "word" not in shown
    assert process.secrets == ("keyword-4",)
    assert "x-key" in shown
    assert server.secrets == ("keyword-2", "keyword-3")


def test_servers_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mcp.toml"
    file.write_text("""
[mcp.files]
command = "files-server"
args = ["--root", "."]
env = { LEVEL = "1" }
inherit = ["FILES_KEY"]
cwd = "data"
intensity = { restarts = 2, within = 10 }

[mcp.tickets]
url = "https://tickets.example/mcp"
api_key_env = "TICKETS_KEY"
headers = { x-team = "stage" }
prefix = ""
""")
    servers = McpServer.all_from_toml(file, environ={"TICKETS_KEY": "word"})
    assert servers == {
        "files": McpServer(
            command="files-server",
            args=("--root", "."),
            env=(("LEVEL", "1"),),
            inherit=("FILES_KEY",),
            cwd=str(tmp_path / "data"),
            intensity=Intensity(restarts=2, within=10),
        ),
        "tickets": McpServer(
            url="https://tickets.example/mcp",
            api_key=Secret("word"),
            headers=(("x-team", "stage"),),
            prefix="",
        ),
    }


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[mcp.a]\nurl = "http://a/"\napi_key = "word"', "a key does not belong in a file"),
        ('[mcp.a]\nurl = "http://a/"\napi_key_env = "NOT_SET"', "NOT_SET: is not set"),
        ('[mcp.a]\ncommand = "a"\ncolour = 1', "'colour' is no setting of McpServer"),
        ("mcp.a = 1", "must be a table of settings"),
        ("[endpoints.a]", "holds no MCP server: write a table [mcp.NAME] for each"),
    ],
)
def test_what_a_file_says_wrong_is_told_with_its_place(tmp_path: Path, table: str, complaint: str) -> None:
    file = tmp_path / "mcp.toml"
    file.write_text(table)
    with pytest.raises(ConfigError) as refused:
        McpServer.all_from_toml(file, environ={})
    assert complaint in str(refused.value)


@wants_mcp
@pytest.mark.parametrize(
    ("servers", "complaint"),
    [
        ({"a": "http://a/"}, "must be an McpServer, not str"),
        (
            {"a": McpServer(command="x"), "b": McpServer(command="x", prefix="a")},
            "has the prefix of 'a': give it a `prefix` of its own",
        ),
    ],
)
def test_servers_that_can_t_be_together_are_refused(servers: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Runtime(mcp=servers)
    assert complaint in str(refused.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no MCP server is named 'files'; Runtime"):
        Runtime().mcp("files")


def test_a_missing_extra_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str) -> Any:
        if name == "mcp":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UsageError, match=r"needs the extra `mcp`: pip install 'greenroom\[mcp\]'"):
        Runtime(mcp={"a": McpServer(command="x")})


def test_a_simulation_has_no_servers() -> None:
    with pytest.raises(SimulationError, match="mcp takes processes and sockets"):
        Simulation(seed=1).runtime(mcp={"a": McpServer(command="x")})


def test_each_restart_waits_twice_as_long_as_the_last_up_to_a_bound() -> None:
    server = McpServer(command="x", backoff=0.5, max_backoff=3.0)
    assert [backoff(server, restarts) for restarts in (1, 2, 3, 4, 5, 5000)] == [0.5, 1, 2, 3, 3, 3]
