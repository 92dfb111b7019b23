"""Scenarios: scripts that put sessions on stage, have their provider fail, and say what must hold.

Example::

    from actors.provider import Reply, Reset
    from actors.scenario import Says, Stage, scenario

    @scenario(sessions=10)
    async def dropped_lines(stage: Stage) -> None:
        \"\"\"Ten sessions lose their connection in mid-sentence, and every sentence arrives whole.\"\"\"
        line = Reply("All the world's a stage, and all the men and women merely players.")
        for number in range(stage.sessions):
            session = stage.spawn(f"player-{number}", line.but(Reset(after=3)), line)
            stage.send(session, "Your line?", Says(line.text, after=("transport:read",)))

    if __name__ == "__main__":
        dropped_lines.main()

`greenroom run FILE` runs it, and so does `python FILE`.
"""

from actors.scenario.declare import Scenario, scenario
from actors.scenario.expect import Expectation, Fails, Says
from actors.scenario.stage import Stage

__all__ = ["Expectation", "Fails", "Says", "Scenario", "Stage", "scenario"]
