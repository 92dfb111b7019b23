"""One question, one answer: as it comes in a terminal, and complete or not at all in a pipe."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from actors.chat.contact import Contact, NoContactError
from actors.chat.screen import Screen
from actors.chat.tame import tame
from actors.core.advice import explain
from actors.errors import TurnFailedError
from actors.events import Event, RetryScheduled, TurnFailed
from actors.log.format import inert
from actors.runtime import Runtime


class TurnComplaint(click.ClickException):
    """One line on stderr: the turn did not complete; the command ends with status 1."""


def ask_once(runtime: Runtime, prompt: str, system: str | None) -> None:
    """Ask, and write the answer. Who waits for it at a terminal is told of retries.

    Raises:
        TurnComplaint: no answer came, or one without text.
    """
    watched = sys.stdout.isatty()
    screen, contact = Screen(Console(stderr=not watched, highlight=False)), Contact()
    try:
        with runtime.spawn(system=system).stream(prompt) as stream:
            for event in stream:
                contact.check(event)
                if _is_shown(event, watched=watched):
                    screen.show(event)
            answer = stream.result()
    except TurnFailedError as error:
        raise TurnComplaint(inert(explain(error.event.outcome))) from error
    except NoContactError as error:
        raise TurnComplaint(inert(str(error))) from error
    finally:
        screen.end_line()
    if not answer.text:
        raise TurnComplaint(f"the answer holds no text: {inert(answer.outcome.describe())}")
    if not watched:
        click.echo(tame(answer.text))


def _is_shown(event: Event, *, watched: bool) -> bool:
    if watched:
        return not isinstance(event, TurnFailed)  # the complaint says it
    return isinstance(event, RetryScheduled) and sys.stderr.isatty()
