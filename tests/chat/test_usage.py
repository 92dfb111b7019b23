from __future__ import annotations

from actors.chat.usage import Meter
from actors.events import AttemptUsage, TurnCancelled


def test_every_attempt_is_counted_and_how_it_is_known() -> None:
    meter = Meter()
    assert meter.describe() == "0 turns, 0 tokens in, 0 out; 0 attempts"
    usage = (
        AttemptUsage(step=1, attempt=1, source="estimated", output_tokens=3),
        AttemptUsage(step=1, attempt=2, source="measured", input_tokens=10, output_tokens=5),
        AttemptUsage(step=1, attempt=3, source="unknown"),
    )
    meter.add(TurnCancelled(session="s", seq=1, timestamp=0.0, text="", thoughts="", reason="", usage=usage))
    assert meter.describe() == "1 turn, 10 tokens in, 8 out; 3 attempts (1 estimated, 1 measured, 1 unknown)"
