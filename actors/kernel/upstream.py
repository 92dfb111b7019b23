"""All that greenroom takes from pykka beyond its public names; a test fails when pykka changes one of them.

The three hooks that pykka documents for implementors of actor types are in `LoopActor`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import weakref
from typing import Any

import pykka
from pykka import messages
from pykka._envelope import Envelope
from pykka._types import OptExcInfo

ActorStop = messages._ActorStop  # noqa: SLF001 - there is no public name for it

PROXY_MESSAGES = (messages.ProxyCall, messages.ProxyGetAttr, messages.ProxySetAttr)

logger = logging.getLogger("pykka")


def adopt(actor: pykka.Actor, ref: pykka.ActorRef[Any]) -> None:
    """Make `actor` the one that `ref` leads to, so that refs held by others stay valid."""
    actor._actor_ref = ref  # noqa: SLF001 - `actor_ref` is a property without a setter
    ref._actor_weakref = weakref.ref(actor)  # noqa: SLF001 - pykka knows no second life


def handle_proxy(actor: pykka.Actor, message: Any) -> Any:
    """Carry out one of the proxy messages of `pykka.messages`."""
    return actor._handle_receive(message)  # noqa: SLF001 - proxies are handled as pykka does


def stop(actor: pykka.Actor) -> None:
    """Unregister, mark as stopped, log and call `on_stop`."""
    actor._stop()  # noqa: SLF001 - registered actors stop just as pykka's


def handle_failure(actor: pykka.Actor) -> None:
    """Log the exception being handled, unregister and mark as stopped."""
    actor._handle_failure(*sys.exc_info())  # noqa: SLF001 - registered actors fail just as pykka's


def reply(to: pykka.Future[Any] | None, value: Any) -> None:
    """Answer an `ask`, if there is someone to answer."""
    if to is not None:
        with contextlib.suppress(queue.Full):  # answered already: nobody waits
            to.set(value)


def reply_error(to: pykka.Future[Any] | None, error: BaseException) -> None:
    """Answer an `ask` with an exception, if there is someone to answer."""
    if to is not None:
        with contextlib.suppress(queue.Full):
            to.set_exception((type(error), error, error.__traceback__))


__all__ = [
    "PROXY_MESSAGES",
    "ActorStop",
    "Envelope",
    "OptExcInfo",
    "adopt",
    "handle_failure",
    "handle_proxy",
    "logger",
    "reply",
    "reply_error",
    "stop",
]
