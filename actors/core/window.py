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


class Case(msgspec.Struct, frozen=True):
    """What is to be fitted into what."""

    messages: tuple[Message, ...]
    """The whole conversation."""
    running: int
    """Where its running turn begins."""
    window: Window
    estimator: Estimator

    def note(self, state: WindowState) -> str:
        """What stands for the messages that are cut."""
        if state.summary:
            return summed_up(state.summary)
        return self.window.marker if state.cut else ""

    def coming(self) -> int:
        """What will stand for them after a cut, in tokens."""
        count = self.estimator.count
        if self.window.strategy == "summarise":
            return self.window.summary_tokens + cost(summed_up(""), count)
        return cost(self.window.marker, count)

    def groups(self) -> tuple[Iterator[Unit], Iterator[Unit]]:
        """What may be cut, in order: of the older turns, and of the one that runs."""
        keep_last = self.window.keep_last
        return (
            older_groups(self.messages, self.running, keep_last),
            running_groups(self.messages, self.running, keep_last),
        )


class Fitted(msgspec.Struct, frozen=True):
    """What is sent, and what was done about it."""

    case: Case
    state: WindowState
    """For the next request."""
    messages: tuple[Message, ...]
    """What is sent."""
    estimate: int
    """Its tokens and those of the whole request, not corrected by what was reported."""
    before: int
    """The whole request as it would have gone, in tokens, corrected."""
    cut: tuple[Message, ...] = ()
    """What goes no longer and went before; empty where nothing had to be cut, or nothing could."""
    plan: SummaryPlan | None = None
    """What to ask a model for before this is sent: see `with_summary`."""

    @property
    def after(self) -> int:
        """The whole request as it goes, in tokens, corrected."""
        return math.ceil(self.estimate * self.state.ratio)

    @property
    def budget(self) -> int | None:
        """What a request may have, in tokens; None: unknown."""
        limits = (self.case.window.budget, self.state.ceiling)
        return min((limit for limit in limits if limit is not None), default=None)

    @property
    def fits(self) -> bool:
        """Whether it is within the budget, as far as one is known."""
        return self.budget is None or self.after <= self.budget

    @property
    def trimmed(self) -> bool:
        """Whether there is something to tell: messages were cut, or what is left is too long all the same."""
        return bool(self.cut) or not self.fits

    def facts(self, *, asked: bool) -> dict[str, Any]:
        """The fields of a `ContextTrimmed` event; `asked`: whether the endpoint had refused a longer one."""
        return {
            "strategy": self.case.window.strategy,
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
        summed = _sent(self.case, replace(self.state, summary=text.strip()))
        return replace(summed, before=self.before, cut=self.cut)

    def reported(self, input_tokens: int) -> WindowState:
        """The state, after the endpoint said how long the request was."""
        return replace(self.state, ratio=correct(self.state.ratio, self.estimate, input_tokens))

    def refused(self, message: str) -> WindowState:
        """The state, after the endpoint said that the request is too long: with it, less fits than was sent.

        Args:
            message: the endpoint's words. Numbers in them count; without any, three quarters of the request.
        """
        ratio, ceiling = ceiling_of(
            read(message), max(self.estimate, 1), self.state.ratio, self.case.window.reserved
        )
        return replace(self.state, ratio=ratio, ceiling=ceiling)

    def again(self, state: WindowState) -> Fitted:
        """The same conversation, fitted with what was learned since."""
        return _fit(self.case, state)


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
    start = running_turn(messages) if running is None else running
    case = Case(tuple(messages), start, window, estimator)
    return _fit(case, replace(state, counts=state.counts.of(messages, estimator)))


def _fit(case: Case, state: WindowState) -> Fitted:
    sent = _sent(case, state)
    gone = set[int]() if sent.fits else _to_cut(sent)
    return _cut(sent, gone) if gone else sent


def _sent(case: Case, state: WindowState) -> Fitted:
    """What this state leaves of the conversation."""
    gone, note = set(state.cut), case.note(state)
    kept = [message for at, message in enumerate(case.messages) if at not in gone]
    tokens = sum(tokens for at, tokens in enumerate(state.counts.tokens) if at not in gone)
    estimate = case.estimator.fixed + tokens + cost(note, case.estimator.count)
    before = math.ceil(estimate * state.ratio)
    return Fitted(case, state, annotated(kept, note), estimate, before)


def _to_cut(sent: Fitted) -> set[int]:
    """The places of what is to go, besides what is gone already."""
    case, state, budget = sent.case, sent.state, sent.budget or 0
    target = budget * case.window.trim_to / state.ratio
    left = sent.estimate - cost(case.note(state), case.estimator.count) + case.coming()
    already, gone = set(state.cut), set[int]()
    for groups in case.groups():
        if left * state.ratio <= budget:
            break
        for group in groups:
            if left <= target:
                break
            fresh = [at for at in group if at not in already]
            gone.update(fresh)
            left -= sum(state.counts.tokens[at] for at in fresh)
    return gone


def _cut(sent: Fitted, gone: set[int]) -> Fitted:
    """The same without these as well."""
    case = sent.case
    places = tuple(sorted(gone.union(sent.state.cut)))
    state = replace(sent.state, cut=places, last=case.messages[places[-1]])
    cut = tuple(case.messages[at] for at in sorted(gone))
    plan = None
    if case.window.strategy == "summarise":
        room = math.floor((sent.budget or 0) / state.ratio)
        plan = plan_summary(cut, state.summary, case.window, room=room, count=case.estimator.count)
    return replace(_sent(case, state), before=sent.before, cut=cut, plan=plan)
