"""What a session, a turn or a whole runtime may spend, everything below it included; and what tokens cost."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actors.settings import Count, Seconds, Settings

Dollars = Annotated[float, Meta(ge=0)]


class Price(Settings, frozen=True):
    """What an endpoint asks for, in USD a million tokens."""

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
    """Of the input, what the endpoint has cached; None: as much as the rest."""


class Budget(Settings, frozen=True):
    """Limits on what may be spent, here and by everything below; None: no limit.

    Past one, every turn below ends as `budget_exceeded`.
    """

    steps: Count | None = None
    """Model requests; the attempts of one count once."""
    tool_calls: Count | None = None
    """Calls that run."""
    tokens: Count | None = None
    """Input and output of every attempt, as the endpoint reports them, else by estimate."""
    cost: Dollars | None = None
    """In USD, by `Endpoint.price`, else by the prices of the extra `prices`. A request whose price neither knows is not
    made."""
    seconds: Seconds | None = None
    """Wall time from the first turn on."""
    depth: Count | None = None
    """Levels of sessions below; 0: none may be spawned."""
    children: Count | None = None
    """Sessions below that live at the same time, at every level."""
