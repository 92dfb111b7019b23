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
    "Actor.start": (pykka.Actor.start, "4114b4391c4a2abc"),
    "Actor._create_actor_inbox": (pykka.Actor._create_actor_inbox, "c1154194522ff51c"),
    "Actor._create_future": (pykka.Actor._create_future, "f21a78e07d573adc"),
    "Actor._start_actor_loop": (pykka.Actor._start_actor_loop, "b89f10cf2fc16f79"),
    # Called.
    "Actor._stop": (pykka.Actor._stop, "3cfc8f552dd1d02e"),
    "Actor._handle_failure": (pykka.Actor._handle_failure, "c71b92520fc55c5e"),
    "Actor._handle_receive": (pykka.Actor._handle_receive, "7a198558f1c57f76"),
    # Done differently: what it sets and the order in which it does things is reproduced.
    "Actor.__init__": (pykka.Actor.__init__, "4946de6afa86dce3"),
    "Actor.actor_ref": (pykka.Actor.actor_ref.fget, "f24b5b5edb409615"),  # type: ignore[attr-defined]
    "Actor._actor_loop_setup": (pykka.Actor._actor_loop_setup, "c8498e3076f87fa2"),
    "Actor._actor_loop_running": (pykka.Actor._actor_loop_running, "884a798256b0cca1"),
    "Actor._actor_loop_teardown": (pykka.Actor._actor_loop_teardown, "a77964524c63a09e"),
    # A ref is given its next actor, and its ways of asking are reproduced.
    "ActorRef.__init__": (pykka.ActorRef.__init__, "1696cc8ddc84a5d8"),
    "ActorRef.tell": (pykka.ActorRef.tell, "34a29f5a09f0ea1f"),
    "ActorRef.ask": (pykka.ActorRef.ask, "f993765f7c977862"),
    "ActorRef.stop": (pykka.ActorRef.stop, "b75717fb92848540"),
    # Made and read.
    "Envelope": (Envelope, "947457591ef6b34b"),
    "messages._ActorStop": (messages._ActorStop, "c213e44125d89674"),
    # Called on the loop, where it must not block.
    "ActorRegistry.stop_all": (pykka.ActorRegistry.stop_all, "54db328bc3e74812"),
    # Derive with `self.__class__()` and `set_get_hook`.
    "Future.map": (pykka.Future.map, "4287ee77445daf46"),
    "Future.filter": (pykka.Future.filter, "fb26f38fa2210442"),
    "Future.reduce": (pykka.Future.reduce, "3c33af605c181770"),
    "Future.join": (pykka.Future.join, "9af3ded445189a77"),
}


def digest(relied_upon: Any) -> str:
    """Of the code alone: neither layout, comments nor docstrings count."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(relied_upon))))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest()[:16]


def _shape(node: Any) -> Any:
    # Not `ast.dump`: which empty fields it shows depends on the version of Python.
    if isinstance(node, ast.AST):
        fields = [(name, _shape(value)) for name, value in ast.iter_fields(node) if value not in (None, [])]
        return (type(node).__name__, fields)
    return [_shape(item) for item in node] if isinstance(node, list) else node


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
