"""The one switchboard of a runtime: carries what sessions tell and ask each other, and knows who waits for whom.

All of it goes through here, so that what one session tells and asks another arrives in that order, and so that an ask
that would close a circle is seen before it is made. What it must not lose lies in the `Exchange`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from actors.company.exchange import Asker, OpenAsk
from actors.company.family import Origin
from actors.company.report import CompanyReport
from actors.company.room_actor import RoomActor
from actors.company.talk import (
    Answered,
    AskDue,
    AskerGone,
    AskSession,
    CloseRoom,
    Neighbour,
    TellSession,
    ToRoom,
    WhichRooms,
    WhoElse,
)
from actors.errors import AskCancelledError, AskCycleError, AskTimeoutError, NoSuchSessionError, UsageError
from actors.events import TurnCompleted
from actors.kernel.future import LoopFuture
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import ChildFailed, Directive, Restart, Timer
from actors.services import Services

if TYPE_CHECKING:
    from actors.client import Session


class Switchboard(HandlingActor):
    """Tells, asks, and keeps the rooms."""

    handlers: ClassVar[dict[type, str]] = {
        TellSession: "_tell",
        AskSession: "_ask_session",
        WhoElse: "_who_else",
        WhichRooms: "_which_rooms",
        Answered: "_answered",
        AskDue: "_ask_due",
        AskerGone: "_asker_gone",
        ToRoom: "_to_room",
        CloseRoom: "_close_room",
    }

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self._exchange = services.exchange
        self._report = CompanyReport(services.log)
        self._timers: dict[int, Timer] = {}

    def on_start(self) -> None:
        """In a later life, mind the deadlines, and look for what the last one failed over."""
        for ask in list(self._exchange.asks.values()):
            if ask.handle.done():
                self._answered(Answered(ask.number))
            elif any(end.done() for end in ask.until):
                self._give_up(ask.number)
            else:
                self._mind(ask)

    # Telling and asking

    def _tell(self, message: TellSession) -> None:
        self._peer(message.to).send(message.messages, **message.settings)

    def _ask_session(self, message: AskSession) -> LoopFuture[TurnCompleted]:
        exchange, ref = self._exchange, self.actor_ref
        origin = message.origin
        peer = self._peer(message.to, origin)
        asker = Asker(message.asker.session)
        if origin is not None:
            asker = asker._replace(turn=origin.turn.number, call_id=origin.call_id)
        until = self._until(message)
        self._refuse_a_circle(asker, message.to)
        handle = peer.send(message.messages, **message.settings)
        ask = OpenAsk(
            number=next(exchange.numbers),
            asker=asker,
            asked=message.to,
            handle=handle,
            until=until,
            timeout=message.timeout,
            expires=self.dispatcher.now() + message.timeout,
            answer=LoopFuture(),
        )
        if exchange.open(ask):
            for end in until:
                end.add_done_callback(lambda _: self.send(ref, AskerGone(asker)))
        self._mind(ask)
        handle.add_done_callback(lambda _: self.send(ref, Answered(ask.number)))
        return ask.answer

    def _peer(self, name: str, origin: Origin | None = None) -> Session:
        ledger = self._services.sessions.get(name)
        if ledger is None or ledger.end is not None:
            raise NoSuchSessionError(f"no session is named {name!r}: there never was one, or it has ended")
        return self._exchange.births.session(ledger, origin=origin)

    def _until(self, message: AskSession) -> tuple[LoopFuture[Any], ...]:
        """When nobody waits for the answer any more."""
        origin = message.origin
        until = (message.asker.ended,) if origin is None else (origin.over, origin.turn.done)
        if any(end.done() for end in until):
            raise AskCancelledError(f"session {message.asker.session!r}, which asked, waits no more")
        return until

    def _refuse_a_circle(self, asker: Asker, asked: str) -> None:
        way = () if asker.turn is None else self._exchange.waits.path(asked, asker.session)
        if way:
            error = AskCycleError((asker.session, *way))
            self._report.ask_failed(asker, asked, "cycle", str(error))
            raise error

    def _mind(self, ask: OpenAsk) -> None:
        left = max(0.0, ask.expires - self.dispatcher.now())
        self._timers[ask.number] = self.send_after(left, AskDue(ask.number))

    # The end of an ask

    def _answered(self, message: Answered) -> None:
        ask = self._take(message.ask)
        if ask is None:
            return  # its time was over, or its asker gone, while this was under way
        try:
            ask.answer.set(ask.handle.wait(0))
        except Exception as error:  # noqa: BLE001 - the asker's to handle: how the other's turn ended
            ask.answer.expire(error)

    def _ask_due(self, message: AskDue) -> None:
        ask = self._take(message.ask)
        if ask is None:
            return
        why = f"session {ask.asked!r} gave no answer within {ask.timeout:g} s"
        self._report.ask_failed(ask.asker, ask.asked, "timeout", why)
        ask.answer.expire(AskTimeoutError(why))
        ask.handle.cancel(f"session {ask.asker.session!r}, which asked, waited {ask.timeout:g} s")

    def _asker_gone(self, message: AskerGone) -> None:
        for number in sorted(self._exchange.askers.pop(message.asker, ())):
            self._give_up(number)

    def _give_up(self, number: int) -> None:
        """Nobody waits for the answer any more."""
        ask = self._take(number)
        if ask is not None:
            why = f"session {ask.asker.session!r}, which asked, waits no more"
            ask.answer.expire(AskCancelledError(why))
            ask.handle.cancel(why)

    def _take(self, number: int) -> OpenAsk | None:
        timer = self._timers.pop(number, None)
        if timer is not None:
            timer.cancel()
        return self._exchange.take(number)

    # Who is there

    def _who_else(self, message: WhoElse) -> tuple[Neighbour, ...]:
        ledgers = list(self._services.sessions.values())  # hosts may spawn meanwhile
        return tuple(
            Neighbour(ledger.session, ledger.state, len(ledger.waiting))
            for ledger in ledgers
            if ledger.end is None and ledger.session != message.asker
        )

    def _which_rooms(self, message: WhichRooms) -> tuple[str, ...]:
        return tuple(name for name, room in self._exchange.rooms.items() if message.member in room.members)

    # Rooms

    def _to_room(self, message: ToRoom) -> LoopFuture[Any]:
        if not message.opens and message.room not in self._exchange.rooms:
            raise UsageError(f"there is no room {message.room!r}")
        state = self._exchange.room(message.room)
        if state.ref is None:
            state.ref = self.spawn(RoomActor, state, self._services, restart=Restart.PERMANENT)
        return self.ask(state.ref, message.message)

    def _close_room(self, message: CloseRoom) -> None:
        state = self._exchange.rooms.pop(message.room, None)
        if state is not None and state.ref is not None:
            self.kill(state.ref)
            state.close()

    def on_child_failed(self, failed: ChildFailed) -> Directive:
        """Restart a room within the runtime's intensity; past it the room ends, and nothing else."""
        if failed.restarts <= self._services.config.intensity.restarts:
            return Directive.RESTART
        for name, state in list(self._exchange.rooms.items()):
            if state.ref == failed.ref:
                del self._exchange.rooms[name]
                state.close()
        return Directive.STOP
