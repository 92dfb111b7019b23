"""No orphan is left: what a session is told of its children, and that they end before it does."""

from __future__ import annotations

from actors.events import ChildEnded, ChildStarted, Event, SessionEnded
from actors.scenario.laws.law import Law


class NoOrphans(Law):
    """Each life of a child has one beginning and one end, within the life of its parent."""

    name = "a session's children end before it does, each as often as it began"
    of = (ChildStarted, ChildEnded, SessionEnded)

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self._living: set[str] = set()

    def apply(self, event: Event) -> None:
        """Count the living."""
        match event:
            case ChildStarted():
                if event.child in self._living:
                    self.broken(
                        event.turn, f"child {event.child!r} began a life before its last one had ended"
                    )
                self._living.add(event.child)
            case ChildEnded():
                if event.child not in self._living:
                    self.broken(event.turn, f"child {event.child!r} ended, and had not begun")
                self._living.discard(event.child)
            case SessionEnded():
                for child in sorted(self._living):
                    self.broken(0, f"it ended while its child {child!r} lived")
