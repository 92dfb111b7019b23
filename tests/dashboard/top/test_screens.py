"""What a person sees, kept as text: `UPDATE_SCREENS=1 pytest ...` writes it anew, for you to look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.dashboard.top.stages import HOSTILE, LARGE, SMALL, Still, desk, evening, seen, watch

SCREENS = Path(__file__).parent / "screens"
SHOWN = {
    "sessions": (SMALL, ()),
    "tree": (SMALL, ("2",)),
    "waits": (SMALL, ("3",)),
    "outcomes": (SMALL, ("4",)),
    "latency": (SMALL, ("5",)),
    "letters": (SMALL, ("6",)),
    "stalls": (SMALL, ("7",)),
    "problems": (SMALL, ("8",)),
    "runs": (SMALL, ("9",)),
    "tools": (SMALL, ("0",)),
    "timeline": (SMALL, ("s", "s", "s", "enter")),
    "help": (SMALL, ("question_mark",)),
    "large": (LARGE, ("tab",)),
    "large-timeline": (LARGE, ("3", "enter")),
    "large-help": (LARGE, ("question_mark",)),
}
AT_THE_DESK = {
    "desk-sessions": ("1",),
    "desk-waits": ("3",),
    "desk-tools": ("0",),
    "desk-timeline": ("3", "enter"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_screen_looks_as_it_did(name: str) -> None:
    looks_as_it_did(Still(*evening(), bad="{not json"), name, *SHOWN[name])


@pytest.mark.parametrize("name", AT_THE_DESK)
def test_tools_that_run_and_approvals_that_wait_look_as_they_did(name: str) -> None:
    looks_as_it_did(Still(*desk()), name, SMALL, AT_THE_DESK[name])


def looks_as_it_did(source: Still, name: str, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    async def script(pilot: Pilot[OSError | None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        shown, kept = seen(pilot), SCREENS / f"{name}.txt"
        if "UPDATE_SCREENS" in os.environ:
            kept.write_text(shown, "utf-8")
        assert shown == kept.read_text("utf-8")

    watch(source, size, script)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_text_of_the_log_is_inert_wherever_it_is_shown(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[OSError | None]) -> None:
        for keys in ("1", "slash", "e", "v", "i", "l", "enter", "enter"), ("escape", "4"), ("8",):
            await pilot.press(*keys)
            await pilot.pause()
            assert all(char.isprintable() or char == "\n" for char in seen(pilot))
            assert "[red]" in seen(pilot) or keys == ("escape", "4")

    watch(Still(*evening(), bad=HOSTILE), size, script)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12), (139, 60), (140, 39), (300, 100)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[OSError | None]) -> None:
        for key in ("1", "2", "8", "end", "question_mark", "escape", "1", "enter"):
            await pilot.press(key)
        assert len(seen(pilot).splitlines()) == size[1]

    watch(Still(*evening()), size, script)
