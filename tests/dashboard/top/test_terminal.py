"""`greenroom top` in a pseudo-terminal, while `greenroom run` writes the log that it watches."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chat.terminal import COMMAND, chatting, environment

TOP = (*COMMAND[:-1], "top")
RUN = (sys.executable, "-c", "from actors.cli import main; main(prog_name='greenroom')", "run")
SCRIPT = """
import asyncio, sys
from actors.provider import Eof, Gate, Pause, Reply
from actors.scenario import Says, Stage, scenario

LINE = Reply("All the world's a stage.")

@scenario(sessions=1)
async def held(stage: Stage) -> None:
    gate = Gate()
    script = LINE.but(Eof(after=1)), Reply("All the world's a stage.", faults=(Pause(after=2, gate=gate),))
    stage.send(stage.spawn("jaques", *script), "Your line?", Says("All the world's a stage.", after=("truncated",)))
    await asyncio.to_thread(sys.stdin.readline)
    gate.set()
    await stage.settled()
"""
STYLE = re.compile(r"\x1b\[([0-9;]*)m")
COLOURLESS = {"", "0", "1", "2", "7", "22", "27", "39", "49"}
"""Bold, dim, reversed, and the terminal's own colours."""


def sized(columns: int, lines: int, **more: str) -> dict[str, str]:
    return environment(COLUMNS=str(columns), LINES=str(lines), COLORTERM="truecolor", **more)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_a_running_scenario_is_watched_from_its_log_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    script, log = tmp_path / "held.py", tmp_path / "log.jsonl"
    script.write_text(SCRIPT, "utf-8")
    with chatting(str(log), env=sized(*size), command=TOP) as terminal:
        terminal.sees("waiting for the log")
        with subprocess.Popen(
            [*RUN, script, "--plain", "--log", log], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as running:
            terminal.sees("jaques", "▶ streaming")
            terminal.types("\r")
            terminal.sees("session started", "truncated", "retry scheduled", "first chunk")
            assert running.stdin is not None
            running.stdin.write(b"\n")
            running.stdin.close()
            terminal.sees("turn completed", "session ended")
            assert running.wait(20) == 0
        terminal.types("q")


def test_no_color_gets_no_colour_and_a_terminal_does(tmp_path: Path) -> None:
    for more in {}, {"NO_COLOR": "1"}:
        with chatting(str(tmp_path / "log.jsonl"), env=sized(80, 24, **more), command=TOP) as terminal:
            shown = terminal.sees("waiting for the log", "quit")
            terminal.types("q")
        styles = {code for style in STYLE.findall(shown) for code in style.split(";")}
        assert (styles <= COLOURLESS) is bool(more)


def test_a_log_that_is_not_there_can_t_be_replayed(tmp_path: Path) -> None:
    arguments = ("--replay", "2", str(tmp_path / "no.jsonl"))
    with chatting(*arguments, env=sized(80, 24), command=TOP, status=2) as terminal:
        assert "only what was written can be replayed" in terminal.rest().replace("\r\n", "")
