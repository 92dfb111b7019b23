"""What a session's supervisor and the nursery of its children say to each other."""

from __future__ import annotations

from actors.company.family import Child
from actors.messages import Message

# Host -> Nursery


class ChildBorn(Message, frozen=True):
    """This child was added to the family."""

    child: Child


# Supervisor -> Nursery


class EndChildren(Message, frozen=True):
    """The session ends: stop its children, the newest first."""


# Nursery -> Supervisor


class ChildrenEnded(Message, frozen=True):
    """The last child has ended."""


class ChildrenFailed(Message, frozen=True):
    """Children have failed more often than the session's intensity for them allows."""

    error: str


# To itself


class ChildOverdue(Message, frozen=True):
    """This child was to end, and had its time."""

    child: Child
