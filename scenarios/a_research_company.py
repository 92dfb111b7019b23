"""A research company: a planner has workers find things at once, and then hands over to the critic.

    greenroom run scenarios/a_research_company.py
    greenroom run scenarios/a_research_company.py --mode sim --seeds 1..100

Each company is one session: its planner asks two workers, which are agents as tools, in children of their own; one of
them breaks off and is tried again. Then the conversation goes to the critic, who has the last word. Beside them two
companies get stuck: in one, two sessions ask each other, which must be found out and not wait for a deadline; the other
spawns without end, until its budget says no.
"""

from __future__ import annotations

from actors import Agent, AskCycleError, Budget, BudgetError, Handoff, RetryPolicy, Session, ToolContext, tool
from actors.events import ToolOutcome
from actors.provider import Call, Eof, Reply
from actors.scenario import Says, Stage, completed, scenario, share

FINDINGS = {"red": "The red is in the cellar.", "white": "The white is in the attic."}
VERDICT = "Neither is any good."
WORK: dict[str, ToolOutcome] = {"worker-red": "ok", "worker-white": "ok", "transfer_to_critic": "ok"}
RETRY = RetryPolicy(backoff_ms=50)


@scenario(sessions=12, tags=("company", "tools"))
async def a_research_company(stage: Stage, *, depth: int = 3) -> None:
    """Planners, workers and critics do one piece of work; who asks in a circle, or spawns without end, is stopped."""

    async def company(name: str) -> None:
        cast = employ(stage, name)
        session = stage.spawn(
            name, agent=cast, endpoint=stage.provider.endpoint(session_header=None), retry=RETRY
        )
        stage.send(session, "Where is the wine?", Says(VERDICT, tools=WORK))

    await stage.each(company)
    await circle(stage)
    await runaway(stage, depth)
    stage.expect(share(completed) == 1)


def employ(stage: Stage, name: str) -> Agent:
    """The planner of a company, its workers and its critic; scripts go by the model, as children's names are new."""
    workers = []
    for colour, finding in FINDINGS.items():
        model = f"{name}-{colour}"
        answer = Reply(finding, delta_chars=6)
        stage.provider.script(model, answer.but(Eof(after=2)), answer)
        workers.append(Agent(name=f"worker-{colour}", description=f"Finds what is {colour}.", model=model))
    critic = Agent(name="critic", description="Has the last word.", model=f"{name}-critic")
    stage.provider.script(f"{name}-critic", Reply(VERDICT))
    asks = tuple(Call(worker.name, '{"task": "Find it."}') for worker in workers)
    stage.provider.script(
        f"{name}-planner", Reply(tool_calls=asks), Reply(tool_calls=(Call("transfer_to_critic", "{}"),))
    )
    moves = (Handoff(agent=critic, keep="last_turn"),)
    return Agent(name="planner", model=f"{name}-planner", tools=tuple(workers), handoffs=moves)


async def circle(stage: Stage) -> None:
    """Two sessions ask each other, each in its turn."""
    found: list[tuple[str, ...]] = []

    def asking(other: str) -> object:
        @tool
        async def ask(context: ToolContext) -> str:
            """Ask the other one."""
            try:
                return str((await context.here.ask(other, "And you?", timeout=600)).text)
            except AskCycleError as error:
                found.append(error.path)
                return "We would wait for each other."

        return ask

    play = Reply(tool_calls=(Call("ask"),)), Reply("So be it.")
    ada: Session = stage.spawn("ada", *play, tools=[asking("bob")])
    stage.spawn("bob", *play, tools=[asking("ada")])
    began = stage.now()
    await stage.send(ada, "Well?", Says("So be it."))
    stage.check(found == [("bob", "ada", "bob")], "the circle is found, with its path")
    stage.check(stage.now() - began < 60, "nobody waits for the deadline of an ask in a circle")


async def runaway(stage: Stage, depth: int) -> None:
    """A session whose children spawn children."""
    refused: list[str] = []

    @tool
    async def spawn(context: ToolContext) -> str:
        """Have a child do the same."""
        try:
            child = context.here.spawn(id=f"{context.session}+", tools=[spawn])
        except BudgetError as error:
            refused.append(error.outcome.limit)
            return "No more."
        stage.provider.script(child.id, Reply(tool_calls=(Call("spawn"),)), Reply("Done."))
        return str((await child.send("Go on.")).text)

    root = stage.spawn(
        "root", Reply(tool_calls=(Call("spawn"),)), Reply("Done."), tools=[spawn], budget=Budget(depth=depth)
    )
    await stage.send(root, "Go on.", Says("Done."))
    stage.check(refused == ["depth"], "a budget ends what would spawn without end")
    family = [session for session in stage.runtime.sessions() if session.id.startswith("root")]
    stage.check(len(family) == depth + 1, "no more are born than the budget allows")


if __name__ == "__main__":
    a_research_company.main()
