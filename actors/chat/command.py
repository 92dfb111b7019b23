"""`greenroom chat`. What the talk needs is imported in it: `--help` stays quick."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from actors.errors import UsageError

if TYPE_CHECKING:
    from actors.chat.toolbox import Toolbox
    from actors.config import Endpoint
    from actors.runtime import Runtime


@click.command()
@click.argument("prompt", required=False)
@click.option("--base-url", help="Up to and including the version; OPENAI_BASE_URL if not given.")
@click.option("--model", help="The model's name; OPENAI_MODEL if not given.")
@click.option(
    "--api-key-env", metavar="NAME", help="The variable that holds the key; OPENAI_API_KEY if not given."
)
@click.option(
    "--endpoints",
    type=click.Path(),
    help="A TOML file of endpoints, with all their settings, instead of the options above.",
)
@click.option("--endpoint", metavar="NAME", help="Which of them; may be left out if there is one.")
@click.option("--local", is_flag=True, help="A small model in this process; no key, no network.")
@click.option("--transport", type=click.Choice(["aiohttp", "httpx"]), help="aiohttp if not given.")
@click.option("--system", metavar="TEXT", help="The system message.")
@click.option(
    "--tools",
    "files",
    metavar="FILE.py",
    multiple=True,
    help="The tools of this file, or module, for the model to call; can be given again. You are asked before each "
    "call, unless one of the next three says otherwise; where you can't be asked, it is denied.",
)
@click.option("--approve", metavar="GLOB", multiple=True, help="Ask before calls of these tools, by name.")
@click.option("--allow", metavar="GLOB", multiple=True, help="Run these tools without asking.")
@click.option(
    "--deny", metavar="GLOB", multiple=True, help="Never run these. Denying counts most, then asking."
)
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    help="Keep what is typed in this file for the next time; it is kept nowhere if not given.",
)
@click.option("--log", type=click.Path(), help="Write greenroom's log to this file.")
def chat(
    *,
    prompt: str | None,
    system: str | None,
    history: Path | None,
    log: str | None,
    files: tuple[str, ...],
    approve: tuple[str, ...],
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    **where: Any,
) -> None:
    """Talk to a model; with PROMPT, or where stdin is no terminal, ask it once.

    Asked once, it writes the answer and nothing else; into a pipe only once it is complete. Ends with 0; 1: no
    answer came; 2: wrong usage; 130: interrupted.
    """
    if prompt is None and not sys.stdin.isatty():
        prompt = _read_stdin()
    elif prompt is None and not sys.stdout.isatty():
        raise UsageError("there is no terminal to talk in: give the prompt as an argument, or on stdin")
    if prompt is not None and not prompt.strip():
        raise UsageError("the prompt is empty: give it as an argument, or on stdin")
    from actors.chat.toolbox import toolbox  # noqa: PLC0415 - see the top
    from actors.log.sink import to_file  # noqa: PLC0415 - see the top
    from actors.runtime import Runtime  # noqa: PLC0415 - see the top

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # an answer in another alphabet still comes out
    with contextlib.ExitStack() as stack:
        if log is not None:
            stack.enter_context(to_file(log))
        tools = toolbox(files, approve=approve, allow=allow, deny=deny)
        endpoint = _endpoint(stack, **where)
        runtime = stack.enter_context(Runtime(endpoint))
        if prompt is None:
            _talk(runtime, endpoint, system, history, tools)
        else:
            _ask(runtime, prompt, system, tools)


def _endpoint(stack: contextlib.ExitStack, *, local: bool, **where: Any) -> Endpoint:
    from actors.chat.endpoint import find_endpoint, refined  # noqa: PLC0415 - see the top
    from actors.local import LocalModel  # noqa: PLC0415 - see the top

    if not local:
        return find_endpoint(os.environ, **where)
    transport = where.pop("transport")
    if any(value is not None for value in where.values()):
        raise UsageError("--local brings its own model: leave out --model, and what says where one is")
    return refined(stack.enter_context(LocalModel()).endpoint(), transport=transport)


def _ask(runtime: Runtime, prompt: str, system: str | None, tools: Toolbox) -> None:
    from actors.chat.editor import Editor  # noqa: PLC0415 - see the top
    from actors.chat.once import ask_once  # noqa: PLC0415 - see the top

    editor = Editor() if sys.stdin.isatty() and sys.stdout.isatty() else None
    ask_once(runtime, prompt, system, tools, editor)


def _talk(
    runtime: Runtime, endpoint: Endpoint, system: str | None, history: Path | None, tools: Toolbox
) -> None:
    from rich.console import Console  # noqa: PLC0415 - see the top

    from actors.chat.asking import Asker  # noqa: PLC0415 - see the top
    from actors.chat.editor import Editor  # noqa: PLC0415 - see the top
    from actors.chat.screen import Screen  # noqa: PLC0415 - see the top
    from actors.chat.talk import COMMANDS, Talk  # noqa: PLC0415 - see the top

    editor, screen = Editor(COMMANDS, history), Screen(Console(highlight=False))
    asker = Asker(screen, editor.question)
    Talk(runtime, endpoint, screen, system, toolbox=tools, asker=asker).hold(editor)


def _read_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode().removesuffix("\n")
    except UnicodeDecodeError as error:
        raise UsageError("what stdin holds is no UTF-8 text: convert it first") from error
