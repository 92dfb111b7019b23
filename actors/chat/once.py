"""One question, one answer: as it comes in a terminal, and complete or not at all in a pipe."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from actors.chat.asking import Asker
from actors.chat.contact import Contact, NoContactError
from actors.chat.editor import Editor
from actors.chat.screen import Screen
from actors.chat.tame import tame
from actors.chat.toolbox import Toolbox
from actors.client import Session
from actors.core.advice import explain
from actors.errors import TurnFailedError
from actors.events import ApprovalRequested, Event, RetryScheduled, TurnFailed
from actors.log.format import inert
from actors.runtime import Runtime


class TurnComplaint(click.ClickException):
    """One line on stderr: the turn did not complete; the command ends with status 1."""


class _Denier:
    """Decides where nobody can be asked: no call runs that somebody should have approved."""

    def __init__(self) -> None:
        self._told = False

    def settle(self, session: Session, event: ApprovalRequested) -> None:
        """Deny a call, and say so, once."""
        session.reject(event.approval, "there is nobody to approve it")
        if not self._told:
            name = inert(event.name)
            click.echo(
                f"{name} was not run: there is no terminal to ask at; --allow {name}, or '*', runs it",
                err=True,
            )
            self._told = True


def ask_once(
    runtime: Runtime, prompt: str, system: str | None, toolbox: Toolbox, editor: Editor | None
) -> None:
    """Ask, and write the answer. Who waits for it at a terminal is told of retries.

    Args:
        runtime: where its session lives.
        prompt: the question.
        system: the system message.
        toolbox: what its model may do.
        editor: where to ask about calls that wait; None: nowhere, and they are denied.

    Raises:
        TurnComplaint: no answer came, or one without text.
    """
    watched = sys.stdout.isatty()
    screen, contact = Screen(Console(stderr=not watched, highlight=False)), Contact()
    asker = _Denier() if editor is None else Asker(screen, editor.question)
    try:
        session = runtime.spawn(system=system, **toolbox.settings)
        with session.stream(prompt) as stream:
            for event in stream:
                contact.check(event)
                if _is_shown(event, watched=watched):
                    screen.show(event)
                if isinstance(event, ApprovalRequested):
                    asker.settle(session, event)
            answer = stream.result()
    except TurnFailedError as error:
        raise TurnComplaint(inert(explain(error.event.outcome))) from error
    except NoContactError as error:
        raise TurnComplaint(inert(str(error))) from error
    finally:
        screen.end_line()
    if not answer.answer:
        raise TurnComplaint(f"the answer holds no text: {inert(answer.outcome.describe())}")
    if not watched:
        click.echo(tame(answer.answer))


def _is_shown(event: Event, *, watched: bool) -> bool:
    if watched:
        return not isinstance(event, TurnFailed)  # the complaint says it
    return isinstance(event, RetryScheduled) and sys.stderr.isatty()
