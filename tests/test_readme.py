"""The README is the manual: its Python runs, its commands are where CI looks for them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from actors import Endpoint, Runtime
from actors.log.sink import FILES
from actors.provider import Reply, ScriptedProvider

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_its_python_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with ScriptedProvider(default=Reply("fine")) as provider:
        source = BLOCKS[number].replace("http://127.0.0.1:8080/v1", provider.base_url)
        scope = {"Runtime": Runtime, "endpoint": Endpoint(base_url=provider.base_url, model="m")}
        exec(compile(source, f"README block {number}", "exec"), scope)  # noqa: S102 - it is ours
        if "main" in scope:
            asyncio.run(scope["main"]())  # type: ignore[operator]
    for sink in FILES.sinks:  # the block on the log opens one
        FILES.remove(sink)
    if number == 0:
        assert "RetryScheduled" in capsys.readouterr().out


def test_the_quick_start_has_two_commands() -> None:
    section = TEXT.split("## Quick start")[1].split("\n## ")[0]
    commands = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert len(commands) == 2
    assert all(len(command.strip().splitlines()) == 1 for command in commands)
    assert all(".venv" in command for command in commands)
