from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from actors.events import (
    AttemptStarted,
    Retracted,
    RetryScheduled,
    TextDelta,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import HttpError, InBandError
from actors.scenario import Fails, Says
from actors.scenario.display import Display, PlainDisplay
from actors.scenario.live import LiveDisplay
from actors.scenario.report import Bill
from actors.scenario.tally import Tally
from actors.scenario.words import inert, tail

Tell = Callable[[str], Any]
BILL = Bill(
    name="night",
    story="What it shows.",
    file="night.py",
    sessions=2,
    seed=7,
    provider="http://127.0.0.1:1/v1",
)
NASTY = "[bold]\x1b[31m\u202eevil\n[/]"
RETRY: dict[str, Any] = {
    "failed_attempts": 1,
    "max_retries": 4,
    "backoff_ms": 250,
    "error": f"in_band_error: {NASTY}",
    "outcome": InBandError(message=NASTY),
}


def play(display: Display, tally: Tally, *events: Any) -> None:
    for event in events:
        turn = tally.apply(event)
        assert turn is not None
        display.happened(event, turn)


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def drawn(display: LiveDisplay, out: io.StringIO, width: int, height: int) -> list[str]:
    out.seek(0)
    out.truncate()
    Console(file=out, width=width, height=height, color_system=None).print(display.render())
    return out.getvalue().splitlines()


def live(tally: Tally, *, width: int = 100, height: int = 30, now: float = 0.0) -> LiveDisplay:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    display = LiveDisplay(console)
    display.begin(BILL, tally, lambda: now)
    display.end()
    return display


def test_plain_lines_are_one_a_retry_and_one_an_ending(tell: Tell, out: io.StringIO) -> None:
    display = PlainDisplay(Console(file=out, width=40, color_system=None))
    tally = Tally()
    display.begin(BILL, tally, lambda: 0.0)
    ada, bob = tell("ada"), tell("bob")
    tally.turn("ada", 1).expected = Says("to be", after=("in_band_error",))
    tally.turn("bob", 1).expected = Fails("http_error:401")
    play(
        display,
        tally,
        ada(TurnStarted),
        ada(AttemptStarted),
        ada(RetryScheduled, **RETRY),
        ada(AttemptStarted, attempt=2),
        ada(TextDelta, text="to be"),
        ada.terminal(TurnCompleted, text="to be"),
        bob(TurnStarted),
        bob(AttemptStarted),
        bob.terminal(TurnFailed, outcome=HttpError(status=401, message=NASTY)),
    )
    assert out.getvalue().splitlines() == [
        "night: 2 sessions, seed 7, provider at http://127.0.0.1:1/v1",
        "What it shows.",
        "   3.00 s  retry      ada                   attempt 1 of 5 failed, next in 250 ms: "
        + inert(RETRY["error"]),
        "   6.00 s  completed  ada                   5 characters, as expected, after 2 attempts",
        "   3.00 s  failed     bob                   http_error:401, as expected, after 1 attempt",
    ]


def test_a_plain_line_says_what_is_wrong(tell: Tell, out: io.StringIO) -> None:
    display = PlainDisplay(Console(file=out, color_system=None))
    tally = Tally()
    display.begin(BILL, tally, lambda: 0.0)
    ada = tell("ada")
    tally.turn("ada", 1).expected = Says("to be")
    play(
        display, tally, ada(TurnStarted), ada(TextDelta, text=NASTY), ada.terminal(TurnCompleted, text=NASTY)
    )
    line = out.getvalue().splitlines()[-1]
    assert "wrong      ada" in line
    assert "its text at character 0" in line
    assert line.isprintable()


def test_sessions_are_drawn_with_state_attempt_and_the_end_of_their_text(
    tell: Tell, out: io.StringIO
) -> None:
    tally = Tally()
    ada, bob = tell("ada"), tell("bob")
    for event in (
        ada(TurnStarted), ada(AttemptStarted, attempt=3), ada(TextDelta, text="x" * 200 + "the end"),
        bob(TurnStarted), bob(AttemptStarted), bob(RetryScheduled, **RETRY),
    ):  # fmt: skip
        tally.apply(event)
    lines = drawn(live(tally), out, 100, 30)
    assert lines[1].startswith("▶ ada")
    assert " 3 " in lines[1]
    assert lines[1].rstrip().endswith("xthe end")
    assert lines[2].startswith("↻ bob")
    assert "in_band_error" in lines[2]
    assert "▶ 1 streaming   ↻ 1 waiting" in lines[3]
    assert max(map(cell_len, lines)) <= 100


def test_a_retraction_is_seen(tell: Tell, out: io.StringIO) -> None:
    tally = Tally()
    display = live(tally, now=4.5)
    ada = tell("ada")
    play(display, tally, ada(TurnStarted), ada(AttemptStarted), ada(TextDelta, text="to be or not"))
    assert "to be or not" in drawn(display, out, 100, 30)[1]
    play(display, tally, ada(Retracted, text_keep=5, thought_keep=0))
    assert drawn(display, out, 100, 30)[1].rstrip().endswith("to be")
    console = Console(file=out, width=100, force_terminal=True, color_system="standard", _environ={})
    console.print(display.render())
    assert "\x1b[7;33mto be" in out.getvalue()  # reverse yellow, for a while


def test_what_a_model_says_can_neither_draw_nor_mark_up(tell: Tell, out: io.StringIO) -> None:
    tally = Tally()
    display = live(tally)
    ada = tell("ada\x1b]0;owned\x07")
    play(display, tally, ada(TurnStarted), ada(TextDelta, text=NASTY), ada(RetryScheduled, **RETRY))
    assert inert(NASTY) == "[bold]·[31m·evil [/]"
    lines = drawn(display, out, 120, 30)
    assert all(line.isprintable() for line in lines)
    assert inert(NASTY) in lines[1]


@pytest.mark.parametrize(("width", "height"), [(200, 60), (80, 24), (40, 10), (32, 7)])
def test_more_sessions_than_fit_never_outgrow_the_screen(
    tell: Tell, out: io.StringIO, width: int, height: int
) -> None:
    tally = Tally()
    for number in range(300):
        event = tell(f"session-{number}")
        tally.apply(event(TurnStarted))
        tally.apply(event(TextDelta, text="演じる" * 40))
        if number < 290:
            tally.apply(event.terminal(TurnCompleted, text="演じる" * 40))
    lines = drawn(live(tally, width=width, height=height), out, width, height)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width
    assert any("session-29" in line for line in lines)  # those that have not ended go first


@given(st.text(), st.integers(0, 30))
def test_a_tail_fits_and_is_inert(text: str, cells: int) -> None:
    assert cell_len(tail(text, cells)) <= cells
    assert tail(text, cells).isprintable()
    assert inert(text).endswith(tail(text, cells))


def test_a_display_that_shows_nothing_takes_everything(tell: Tell) -> None:
    display, tally = Display(), Tally()
    display.begin(BILL, tally, lambda: 0.0)
    play(display, tally, tell("ada")(TurnStarted))
    display.refresh()
    display.end()
    assert display.period is None
