"""What greenroom relies on in pykka beyond its public names: a change there must be looked at."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pykka
import pytest
from pykka import messages
from pykka._envelope import Envelope

import actors.kernel

RELIED_UPON: dict[str, tuple[Any, str]] = {
    # The three hooks for implementors, and what `start` does around them.
    "Actor.start": (pykka.Actor.start, "27ce8471df5e51fb"),
    "Actor._create_actor_inbox": (pykka.Actor._create_actor_inbox, "a98bf15efa88a295"),
    "Actor._create_future": (pykka.Actor._create_future, "91f15da535c5271d"),
    "Actor._start_actor_loop": (pykka.Actor._start_actor_loop, "2372dcb9c48dee0f"),
    # Called.
    "Actor._stop": (pykka.Actor._stop, "fb50c559b497a2e5"),
    "Actor._handle_failure": (pykka.Actor._handle_failure, "0c9e05c49b405fbe"),
    "Actor._handle_receive": (pykka.Actor._handle_receive, "15a755b3fd32717b"),
    # Done differently: what it sets and the order in which it does things is reproduced.
    "Actor.__init__": (pykka.Actor.__init__, "7833efe87f543f7d"),
    "Actor.actor_ref": (pykka.Actor.actor_ref.fget, "19951f2da5134477"),  # type: ignore[attr-defined]
    "Actor._actor_loop_setup": (pykka.Actor._actor_loop_setup, "79ef77130d47138c"),
    "Actor._actor_loop_running": (pykka.Actor._actor_loop_running, "28cecdd79c9ae616"),
    "Actor._actor_loop_teardown": (pykka.Actor._actor_loop_teardown, "611530475af78a8c"),
    # A ref is given its next actor, and its ways of asking are reproduced.
    "ActorRef.__init__": (pykka.ActorRef.__init__, "6625c8acd3d79bc5"),
    "ActorRef.tell": (pykka.ActorRef.tell, "4648e4d6cc11204c"),
    "ActorRef.ask": (pykka.ActorRef.ask, "7f46af9b17ece029"),
    "ActorRef.stop": (pykka.ActorRef.stop, "2734d416b926d601"),
    # Made and read.
    "Envelope": (Envelope, "6caf603f6fbd7b58"),
    "messages._ActorStop": (messages._ActorStop, "08a67de7ae534c1f"),
    # Called on the loop, where it must not block.
    "ActorRegistry.stop_all": (pykka.ActorRegistry.stop_all, "7ea9815872ea615c"),
    # Derive with `self.__class__()` and `set_get_hook`.
    "Future.map": (pykka.Future.map, "62d6fcfb7b7a8c53"),
    "Future.filter": (pykka.Future.filter, "2c6de5387d4526bb"),
    "Future.reduce": (pykka.Future.reduce, "236f7c61fde441e5"),
    "Future.join": (pykka.Future.join, "f4080e065f7e291f"),
}


def digest(relied_upon: Any) -> str:
    """Of the code alone: neither layout, comments nor docstrings count."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(relied_upon))))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", RELIED_UPON)
def test_pykka_is_as_it_was_when_it_was_read(name: str) -> None:
    relied_upon, known = RELIED_UPON[name]
    assert digest(relied_upon) == known, (
        f"pykka changed {name}: read it, adapt actors/kernel, then put this here"
    )


def test_a_change_is_noticed_and_a_new_comment_is_not() -> None:
    def code() -> int:
        return 1

    before = digest(code)

    def code() -> int:  # type: ignore[no-redef]
        """A docstring."""
        return 1  # and a comment

    assert digest(code) == before

    def code() -> int:  # type: ignore[no-redef]
        return 2

    assert digest(code) != before


def test_only_one_module_and_the_actor_itself_know_pykkas_private_names() -> None:
    allowed = {"upstream.py", "loop_actor.py"}
    (package,) = actors.kernel.__path__
    private = re.compile(
        r"pykka\._|messages\._|_actor_weakref|_actor_ref\b|_handle_|_actor_loop|_create_(actor|future)|\b_stop\(actor"
    )
    strangers = {
        path.name for path in Path(package).glob("*.py") if private.search(path.read_text("utf-8"))
    } - allowed
    assert strangers == set()
