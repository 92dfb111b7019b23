"""An agent with three tools: it searches the files of one folder, reads one if you agree, and calculates.

python tests/hosts/example_agent.py docs "What does a ticket cost, times 12?"   # the environment names the endpoint
python tests/hosts/example_agent.py --local docs "Call calculate for 12 * 30."
greenroom chat --tools tests/hosts/example_agent.py                             # in the folder itself
"""

from __future__ import annotations

import ast
import contextlib
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from actors import (
    ApprovalRequest,
    Approvals,
    Endpoint,
    LocalModel,
    Rule,
    Runtime,
    Session,
    Tool,
    ToolContext,
    ToolError,
    tool,
)
from actors.events import Event, TextDelta, ToolCallFinished, ToolCallStarted, ToolProgress

OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.USub: operator.neg,
    }
)
SYSTEM = "Use the functions. Answer in one sentence."
APPROVALS = Approvals(rules=(Rule("read", key=("name",)),))


class Folder:
    """The files that the agent may see: those in `root`, and no others."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def search(self, word: str, context: ToolContext) -> list[str]:
        """Name the files that hold a word.

        Args:
            word: in upper or lower case
        """
        files = sorted(path for path in self._root.rglob("*") if path.is_file() and self._holds(path))
        found = []
        for number, path in enumerate(files, 1):
            if context.cancelled:
                break
            if word.lower() in path.read_text("utf-8", "replace").lower():
                found.append(str(path.relative_to(self._root)))
            context.progress(f"searched {number} of {len(files)}")
        return found

    def read(self, name: str) -> str:
        """Read a file.

        Args:
            name: as search gives it
        """
        path = self._root / name
        if not self._holds(path):
            raise ToolError(f"{name} is outside of the folder")
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ToolError(f"{name} can't be read: {error}") from error

    def _holds(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._root)  # a link may lead elsewhere


@tool
def calculate(expression: str) -> float:
    """Calculate: numbers, + - * / and brackets.

    Args:
        expression: such as (2 + 3) * 4.5
    """
    try:
        return _value(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ToolError(f"{expression!r} has no value: {error}") from error


def _value(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return float(OPERATORS[type(op)](_value(operand)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return float(OPERATORS[type(op)](_value(left), _value(right)))
        case _:
            raise ToolError(f"{ast.unparse(node)!r} is no arithmetic")


def tools_of(root: Path) -> list[Tool]:
    """The agent's tools."""
    folder = Folder(root)
    return [tool(folder.search), tool(folder.read), calculate]


def hire(runtime: Runtime, root: Path, **settings: Any) -> Session:
    """The agent, as a session; `settings` are those of a session."""
    return runtime.spawn(system=SYSTEM, tools=tools_of(root), approvals=APPROVALS, **settings)


TOOLS = tools_of(Path())


def agree(request: ApprovalRequest) -> bool:
    """Ask at the terminal; called in a thread of its own."""
    return click.confirm(f"\n{request.name}({request.arguments})?")


def show(event: Event) -> None:
    """Tell at the terminal what happens."""
    match event:
        case TextDelta():
            click.echo(event.text, nl=False)
        case ToolCallStarted():
            click.echo(f"\n[{event.name} {event.arguments}]")
        case ToolProgress():
            click.echo(f"[{event.name}: {event.payload}]")
        case ToolCallFinished():
            click.echo(f"[{event.name} {event.result} in {event.duration:.2f} s: {event.content:.80}]")
        case _:
            pass


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("question")
@click.option("--local", is_flag=True, help="A small model in this process, instead of the environment's.")
def main(folder: Path, question: str, *, local: bool) -> None:
    """Ask the agent a QUESTION about the files of a FOLDER."""
    with contextlib.ExitStack() as stack:
        endpoint = stack.enter_context(LocalModel()).endpoint() if local else Endpoint.from_env()
        runtime = stack.enter_context(Runtime(endpoint))
        hire(runtime, folder, on_approval=agree).run(question, on_event=show)
        click.echo()


if __name__ == "__main__":
    main()
