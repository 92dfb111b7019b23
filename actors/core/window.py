"""What of a conversation is sent, so that it fits the model's context: pure, with the state passed in and given back.

The conversation itself keeps everything. Cut is what is sent of it, and the cut is remembered, so that the next request
begins as this one did: prompt caches hold what begins alike, and would hold nothing if each request dropped one message
more. For the same reason a cut goes some way below the budget (`Window.trim_to`), and then there is none for a while.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from actors.core.conversation import Message
from actors.core.ratio import correct
from actors.core.summary import SummaryPlan, annotated, cost, plan_summary, summed_up
from actors.core.tokens import Counts, Estimator
from actors.core.too_long import ceiling_of, read
from actors.core.units import Unit, older_groups, running_groups, running_turn
from actors.window import Window


class WindowState(msgspec.Struct, frozen=True):
    """What is known from earlier requests of the session. It belongs to the conversation: who keeps one keeps both."""

    cut: tuple[int, ...] = ()
    """The places of the messages that are no longer sent, ascending."""
    last: Message | None = None
    """The last of them, by which a conversation that was taken back is told from one that went on."""
    summary: str = ""
    """What stands for them; empty for none."""
    ratio: float = 1.0
    """Reported to estimated tokens."""
    ceiling: int | None = None
    """What a request may have, in the endpoint's tokens, as it said itself when it refused one."""
    model: str = ""
    """Whose `ratio` and `ceiling` these are."""
    counts: Counts = Counts()
    """May be lost: it spares counting again."""

    def about(self, messages: Sequence[Message], model: str) -> WindowState:
        """The state, as far as it holds for this conversation and model."""
        state = self if model == self.model else replace(self, ratio=1.0, ceiling=None, model=model)
        if not self.cut or (self.cut[-1] < len(messages) and messages[self.cut[-1]] == self.last):
            return state
        return replace(state, cut=(), last=None, summary="")


class Fitted(msgspec.Struct, frozen=True):
    """What is sent, and what was done about it."""

    messages: tuple[Message, ...]
    cut: tuple[Message, ...]
    """What goes no longer and still went before; empty where nothing had to be cut, or nothing could."""
    before: int
    """The whole request as it would have gone, in tokens: an estimate, corrected by what was reported."""
    after: int
    budget: int | None
    """What it may have; None: unknown."""
    plan: SummaryPlan | None
    """What to ask a model for, before this is sent; then see `with_summary`."""
    state: WindowState
    """For the next request."""
    estimate: int
    """`after`, as it was estimated, without correction."""
    whole: tuple[Message, ...]
    window: Window
    estimator: Estimator

    @property
    def trimmed(self) -> bool:
        """Whether there is something to tell: messages were cut, or what is left is too long all the same."""
        return bool(self.cut) or (self.budget is not None and self.after > self.budget)

    def facts(self, *, asked: bool) -> dict[str, Any]:
        """The fields of a `ContextTrimmed` event; `asked`: whether the endpoint had refused a longer one."""
        return {
            "strategy": self.window.strategy,
            "messages_cut": len(self.state.cut),
            "tokens_before": self.before,
            "tokens_after": self.after,
            "budget": self.budget,
            "asked": asked,
        }

    def with_summary(self, text: str | None) -> Fitted:
        """The same with the summary that a model wrote; None, or blank: it failed, so the cut goes without."""
        if not text or text.isspace():
            return replace(self, plan=None)
        return _fitted(self, replace(self.state, summary=text.strip()))

    def reported(self, input_tokens: int) -> WindowState:
        """The state, after the endpoint said how long the request was."""
        return replace(self.state, ratio=correct(self.state.ratio, self.estimate, input_tokens))

    def refused(self, message: str) -> WindowState:
        """The state, after the endpoint said that the request is too long: with it, less fits than was sent.

        Args:
            message: the endpoint's words. Numbers in them count; without any, three quarters of the request.
        """
        ratio, ceiling = ceiling_of(
            read(message), max(self.estimate, 1), self.state.ratio, self.window.reserved
        )
        return replace(self.state, ratio=ratio, ceiling=ceiling)


def fit(
    messages: Sequence[Message],
    window: Window,
    estimator: Estimator,
    state: WindowState,
    *,
    running: int | None = None,
    model: str = "",
) -> Fitted:
    """Cut from a conversation what does not fit any more.

    Older turns go first, then the oldest steps of the running one. Never cut are the messages of the system and the
    developer, those of the user in the running turn, and the newest (`Window.keep_last`); what is left may then
    be too long, and the endpoint will say so.

    Args:
        messages: the whole conversation, the running turn included.
        window: the settings.
        estimator: counts a request of this turn.
        state: what the last call of the session gave back; `WindowState()` for the first.
        running: where the running turn begins; None: at the last user message.
        model: whose context it is; another one begins without a ratio.
    """
    state = state.about(messages, model)
    state = replace(state, counts=state.counts.of(messages, estimator))
    start = running_turn(messages) if running is None else running
    sent = Fitted(
        messages=(),
        cut=(),
        before=0,
        after=0,
        budget=_least(window.budget, state.ceiling),
        plan=None,
        state=state,
        estimate=0,
        whole=tuple(messages),
        window=window,
        estimator=estimator,
    )
    sent = _fitted(sent, state)
    sent = replace(sent, before=sent.after)
    if sent.budget is None or sent.after <= sent.budget:
        return sent
    gone = _cut(sent, start)
    if not gone:
        return sent
    return _planned(sent, gone)


def _cut(sent: Fitted, start: int) -> set[int]:
    """The places of what goes, besides what is gone already."""
    window, state = sent.window, sent.state
    budget = sent.budget or 0
    note = (
        window.summary_tokens if window.strategy == "summarise" else cost(window.marker, sent.estimator.count)
    )
    left = sent.estimate - cost(_note(window, state), sent.estimator.count) + note
    already, gone = set(state.cut), set[int]()
    for groups in (
        older_groups(sent.whole, start, window.keep_last),
        running_groups(sent.whole, start, window.keep_last),
    ):
        if left * state.ratio <= budget:
            break
        left = _take(groups, left, budget * window.trim_to / state.ratio, already, gone, state.counts)
    return gone


def _take(
    groups: Iterator[Unit], left: int, target: float, already: set[int], gone: set[int], counts: Counts
) -> int:
    """Add to `gone` one group after the other, until what is left is at most the target; give back what is left."""
    for group in groups:
        if left <= target:
            break
        fresh = [at for at in group if at not in already]
        gone.update(fresh)
        left -= sum(counts.tokens[at] for at in fresh)
    return left


def _planned(sent: Fitted, gone: set[int]) -> Fitted:
    cut = tuple(sorted(gone.union(sent.state.cut)))
    state = replace(sent.state, cut=cut, last=sent.whole[cut[-1]])
    said = tuple(sent.whole[at] for at in sorted(gone))
    plan = None
    if sent.window.strategy == "summarise":
        room = math.floor((sent.budget or 0) / state.ratio)
        plan = plan_summary(said, state.summary, sent.window, room=room, count=sent.estimator.count)
    return replace(_fitted(sent, state), cut=said, plan=plan)


def _fitted(sent: Fitted, state: WindowState) -> Fitted:
    """The same request with what this state leaves of the conversation."""
    gone, note = set(state.cut), _note(sent.window, state)
    kept = [message for at, message in enumerate(sent.whole) if at not in gone]
    tokens = sum(tokens for at, tokens in enumerate(state.counts.tokens) if at not in gone)
    estimate = sent.estimator.fixed + tokens + cost(note, sent.estimator.count)
    return replace(
        sent,
        messages=annotated(kept, note),
        after=math.ceil(estimate * state.ratio),
        estimate=estimate,
        state=state,
        plan=None,
    )


def _note(window: Window, state: WindowState) -> str:
    if state.summary:
        return summed_up(state.summary)
    return window.marker if state.cut else ""


def _coming(window: Window, estimator: Estimator) -> int:
    """What will stand for the cut messages, in tokens."""
    if window.strategy == "summarise":
        return window.summary_tokens + cost(summed_up(""), estimator.count)
    return cost(window.marker, estimator.count)


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
