"""Open mic: a few sessions talk at once, with whatever model there is.

    greenroom run --local scenarios/open_mic.py

With `--local` that is a small model in this process; without, the scripted provider says its one line. Nobody knows
what will be said; that every turn completes, that its events fold to its text, and that each session remembers its
own conversation holds all the same.
"""

from __future__ import annotations

from actors.client import Session
from actors.scenario import Stage, scenario

SLATE = {
    "type": "json_schema",
    "json_schema": {
        "name": "slate",
        "schema": {
            "type": "object",
            "properties": {"title": {"type": "string", "maxLength": 40}, "minutes": {"enum": [5, 10, 15]}},
            "required": ["title", "minutes"],
            "additionalProperties": False,
        },
    },
}
"""What each answer looks like; it also keeps a small model from rambling."""

QUESTIONS = ("What will you play tonight?", "And as an encore?")


@scenario(sessions=6, any_model=True)
async def open_mic(stage: Stage) -> None:
    """A few sessions talk at once, with whatever model there is."""
    players = [
        stage.spawn(f"player {number}", system="You are a musician.", response_format=SLATE)
        for number in range(1, stage.sessions + 1)
    ]
    for player in players:
        for question in QUESTIONS:
            stage.send(player, question)
    await stage.settled()
    for player in players:
        stage.check(await remembers(player), "each remembers its conversation", where=player.id)


async def remembers(player: Session) -> bool:
    """Whether a player's conversation is what was asked and answered, in order."""
    said = [message["role"] for message in await player.history()]
    return said == ["system", *["user", "assistant"] * len(QUESTIONS)]


if __name__ == "__main__":
    open_mic.main()
