"""Simulated time: a thousand sessions go through an hour of outage in seconds, and a seed gives the same again.

Example::

    sim = Simulation(seed=7)

    async def main() -> str:
        sim.provider.script("ada", Reply("Once upon", faults=(Reset(after=1),)), Reply("Once upon a time."))
        async with sim.runtime() as runtime:
            return (await runtime.spawn(id="ada").send("Tell me a story.")).text

    assert sim.run(main) == "Once upon a time."
"""

from actors.core.leftovers import Leftovers
from actors.errors import SimulationError
from actors.sim.provider import SimProvider
from actors.sim.simulation import Simulation

__all__ = ["Leftovers", "SimProvider", "Simulation", "SimulationError"]
