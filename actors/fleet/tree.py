"""The supervision tree: who started whom, and what went wrong where."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from actors.fleet.view import ActorRow
from actors.log.schema import ActorRecord

CHILDREN = 20
"""How many children of an actor have a row."""
ERROR = 500
"""How much is kept of what an actor raised, in characters."""
DEPTH = 64
"""What lies deeper has no row; a log that says that an actor is its own ancestor hangs nobody."""


class Node:
    """An actor that has not stopped."""

    __slots__ = (
        "children",
        "error",
        "failures",
        "kind",
        "parent",
        "restarts",
        "run",
        "session",
        "state",
        "trouble",
        "urn",
    )

    def __init__(self, record: ActorRecord) -> None:
        self.urn, self.run, self.kind = record.actor_urn, record.run_id, record.actor_class
        self.parent = record.actor_parent
        self.session = self.state = self.error = ""
        self.restarts = self.failures = 0
        self.trouble = 0
        """Failures and restarts, its descendants' included."""
        self.children: dict[str, Node] = {}


class Tree:
    """The actors that live, as far as the log says; one that `limit` leaves no room for is not among them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._nodes: dict[str, Node] = {}
        self._orphans: dict[str, dict[str, Node]] = {}
        """Who told of itself before its parent did, by the parent: a child may be up while its parent still starts."""

    def lives(self, record: ActorRecord) -> None:
        """An actor started, or was started anew."""
        node = self._nodes.get(record.actor_urn)
        if node is None:
            if len(self._nodes) >= self._limit:
                return
            node = self._add(record)
        self._update(node, record)
        restarts = record.actor_restarts or 0
        self._trouble(node, restarts - node.restarts)
        node.restarts = restarts

    def failed(self, record: ActorRecord) -> None:
        """An actor raised, or is given up."""
        node = self._nodes.get(record.actor_urn)
        if node is not None:
            self._update(node, record)
            node.failures += 1
            error = f"{record.exception_type}: {record.exception_message}" if record.exception_type else ""
            node.error = error[:ERROR]
            self._trouble(node, 1)

    def stopped(self, urn: str) -> None:
        """An actor is gone, and what was beneath it."""
        node = self._nodes.get(urn)
        if node is not None and (parent := self._nodes.get(node.parent or "")) is not None:
            parent.children.pop(urn, None)
        gone = [urn]
        while gone:
            if (node := self._forget(gone.pop())) is not None:
                gone += node.children

    def run_stopped(self, run: str) -> None:
        """A runtime closed: none of its actors lives."""
        for urn in [urn for urn, node in self._nodes.items() if node.run == run]:
            self._forget(urn)

    def rows(self, top: int) -> tuple[ActorRow, ...]:
        """The tree from its roots, the most troubled branches first."""
        roots = [node for node in self._nodes.values() if (node.parent or "") not in self._nodes]
        found: list[ActorRow] = []
        for root in heapq.nlargest(CHILDREN, roots, key=_trouble_of):
            for row in _walk(root, 0):
                if len(found) == top:
                    return tuple(found)
                found.append(row)
        return tuple(found)

    def _add(self, record: ActorRecord) -> Node:
        node = self._nodes[record.actor_urn] = Node(record)
        node.children = self._orphans.pop(node.urn, {})
        node.trouble = sum(child.trouble for child in node.children.values())
        if (parent := self._nodes.get(node.parent or "")) is not None:
            parent.children[node.urn] = node
            self._trouble(parent, node.trouble)
        elif node.parent is not None:
            self._orphans.setdefault(node.parent, {})[node.urn] = node
        return node

    def _forget(self, urn: str) -> Node | None:
        node = self._nodes.pop(urn, None)
        if node is not None and node.parent in self._orphans:
            self._orphans[node.parent].pop(urn, None)
            if not self._orphans[node.parent]:
                del self._orphans[node.parent]
        return node

    @staticmethod
    def _update(node: Node, record: ActorRecord) -> None:
        node.state = record.actor_state or node.state
        node.session = record.session or node.session

    def _trouble(self, node: Node | None, more: int) -> None:
        for _ in range(DEPTH):
            if node is None:
                return
            node.trouble += more
            node = self._nodes.get(node.parent or "")


def _trouble_of(node: Node) -> int:
    return node.trouble


def _walk(node: Node, depth: int) -> Iterator[ActorRow]:
    shown = heapq.nlargest(CHILDREN, node.children.values(), key=_trouble_of)
    yield ActorRow(
        run=node.run,
        urn=node.urn,
        depth=depth,
        kind=node.kind,
        session=node.session,
        state=node.state,
        restarts=node.restarts,
        failures=node.failures,
        children=len(node.children),
        hidden=len(node.children) - len(shown),
        error=node.error,
    )
    for child in shown if depth < DEPTH else ():
        yield from _walk(child, depth + 1)
