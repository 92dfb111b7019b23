"""One simulated night, written down: `python -m tests.sim.night FOLDER SEED SESSIONS`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

import actors.log
from actors import ApprovalRequest, Approvals, Approve, Reject, Rule, ToolContext, tool
from actors.config import Deadlines, RetryPolicy
from actors.errors import TurnError
from actors.provider import Call, Eof, KeepAlives, Reply, Reset, Stall, Status, latency, slicer
from actors.sim import Simulation
from actors.stream import EventStream

ASKS = Approvals(rules=(Rule("open"),), timeout=3)
ACTS = Reply(
    tool_calls=(Call("look"), Call("open"), Call("count"), Call("open", '{"what": "window"}'), Call("fly"))
)
STORY = Reply("Once upon a time.", thoughts="Well", delta_chars=9)


@tool
async def look(context: ToolContext) -> str:
    """Look, for a while."""
    for second in range(3):
        context.progress(second)
        await asyncio.sleep(0.1)
    return "stars"


@tool(name="open", idempotent=True, retries=1)
async def open_it(context: ToolContext, what: str = "door") -> str:
    """Open; it jams at first."""
    if context.attempt == 1:
        raise OSError(f"the {what} jams")
    return "open"


@tool
def count(context: ToolContext) -> str:
    """Count, in the pool's thread; in a simulation, in its turn."""
    context.state["count"] = context.state.get("count", 0) + 1
    return str(context.state["count"])


async def decide(request: ApprovalRequest) -> Approve | Reject | None:
    if request.session.endswith("7"):
        return None
    await asyncio.sleep(0.2)
    return Approve(always=True) if request.arguments else Reject(reason="not that one")


ACTING: dict[str, Any] = {"tools": (look, open_it, count), "approvals": ASKS, "on_approval": decide}


def perform(folder: Path, seed: int, sessions: int) -> Simulation:
    """Everyone at once; a third goes wrong, some use tools; some turns are cancelled, some sessions closed."""
    sim = Simulation(seed, default=STORY)
    provider = sim.provider
    provider.fault(Status(503, headers={"retry-after": "2"}), of="*1", times=1)
    provider.fault(Reset(after=1), of="*2", times=1, chance=0.5)
    provider.fault(Eof(after=2), of="*3", times=2, chance=0.5)
    provider.fault(Stall(after=1), of="*77", times=1)
    provider.fault(KeepAlives(after=1, times=1, every_s=0.5), of="*4", chance=0.5)
    provider.fault(latency(100, jitter_ms=90), of="*5")
    provider.fault(slicer(100, size_variation=50), of="*6")

    async def main() -> None:
        with (folder / "events.jsonl").open("wb") as file:
            async with asyncio.TaskGroup() as group, sim.runtime() as runtime:
                group.create_task(write(runtime.events(), file))
                turns = []
                for n in range(sessions):
                    acts = n % 9 == 0
                    if acts:
                        provider.script(f"s{n}", ACTS, ACTS, STORY)
                    session = runtime.spawn(
                        id=f"s{n}",
                        retry=RetryPolicy(backoff_ms=50),
                        deadlines=Deadlines(idle=5),
                        **(ACTING if acts else {}),
                    )
                    turns.append(session.send("Hello."))
                    if n % 50 == 0:
                        turns[-1].cancel()
                    if n % 70 == 0:
                        session.close()
                for turn in turns:
                    with contextlib.suppress(TurnError):
                        await turn

    with actors.log.to_file(folder / "log.jsonl"):
        sim.run(main)
    return sim


async def write(events: EventStream, file: BinaryIO) -> None:
    async for event in events:
        file.write(msgspec.json.encode(event) + b"\n")


if __name__ == "__main__":
    night = perform(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(f"{night.trace} {night.now()!r} {night.leftovers()!r}\n")
