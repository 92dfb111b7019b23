"""A session's relations, as its host sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.config import Endpoint
from actors.core.kinship import Restarts
from actors.user_input import Messages

if TYPE_CHECKING:
    from actors.births import Births
    from actors.client import Session
    from actors.company.family import Origin
    from actors.ledger import Ledger


class Kin:
    """What a `Session` has of its parent and its children."""

    _ledger: Ledger
    _births: Births
    _origin: Origin | None
    _keeps: object

    def spawn(
        self,
        agent: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - as in `Runtime.spawn`
        endpoint: Endpoint | str | None = None,
        messages: Messages = (),
        restart: Restarts = "temporary",
        **settings: Any,
    ) -> Session:
        """Start a child: it ends when this session does, or before. From any thread; never blocks.

        Args:
            agent: its name, for events and the log.
            id: as in `Runtime.spawn`.
            endpoint: as in `Runtime.spawn`; this session's if not given.
            messages: as in `Runtime.spawn`.
            restart: when it is started anew, under its name and with these messages and settings: `permanent`, always
                but when this session ends it; `transient`, when it failed (`restart_intensity`, `child_intensity`);
                `temporary`, never. A handle is of one life: `children()` gives those that live.
            settings: as in `Runtime.spawn`; the runtime's for the rest.

        Raises:
            SessionClosedError: this session has ended, or is about to.
            DrainingError: the runtime is draining, and no turn that runs asks for this.
            ConfigError: as in `Runtime.spawn`.
        """
        self._ledger.birthplace.check()
        return self._births.spawn(
            settings,
            endpoint=endpoint,
            id=id,
            messages=messages,
            agent=agent,
            restart=restart,
            parent=self._ledger,
            origin=self._origin,
            keeps=self._keeps,
        )

    def children(self) -> tuple[Session, ...]:
        """Those that have not ended, oldest first."""
        self._ledger.birthplace.check()
        return tuple(
            self._births.session(child.ledger, self._keeps, self._origin)
            for child in self._ledger.family.children()
            if child.ledger.end is None
        )

    @property
    def parent(self) -> Session | None:
        """The session that this one is a child of."""
        above = self._ledger.parent
        return None if above is None else self._births.session(above, self._keeps, self._origin)
