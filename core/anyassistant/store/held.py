"""A thread and a run, as the memory store holds them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..hosting.store import Change, HistoryMessage, RunState
from ..types import CallState, Event, HistoryItem, Message, RunRecord, RunStep, ThreadRecord, Turn
from .rules import silenced
from .shelf import Shelf


class HeldThread:
    """A thread with its messages, history and the ids of its runs."""

    def __init__(self, record: ThreadRecord) -> None:
        self.record = record
        self.messages: Shelf[Message] = Shelf("message")
        self.history: list[HistoryItem] = []
        self.runs: list[str] = []
        self.open_run: str | None = None
        self._position = 0
        self._positions: dict[str, int] = {}
        self._by_run: dict[str, Shelf[Message]] = {}

    def messages_of(self, run_id: str) -> Shelf[Message]:
        return self._by_run.get(run_id) or Shelf("message")

    def put(self, message: Message) -> None:
        self.messages.put(message.id, message)
        if message.run_id is not None:
            self._by_run.setdefault(message.run_id, Shelf("message")).put(message.id, message)

    def add(self, message: HistoryMessage) -> None:
        self.put(message.message)
        self._position += 1
        self._positions[message.message.id] = self._position
        self.history.append(HistoryItem(self._position, message.message, message.tokens))

    def put_in_history(self, message: Message) -> None:
        """Write a message where the history has it; what a run wrote is there as its turn."""
        position = self._positions.get(message.id)
        if position is not None:
            index = self._index(position)
            self.history[index] = replace(self.history[index], entry=message)

    def put_turn(self, turn: Turn, tokens: int) -> None:
        position = self._positions.get(turn.id)
        if position is None:
            self._position += 1
            self._positions[turn.id] = self._position
            self.history.append(HistoryItem(self._position, turn, tokens))
        else:
            self.history[self._index(position)] = HistoryItem(position, turn, tokens)

    def forget(self, message_id: str) -> None:
        self.messages.remove(message_id)
        for messages in self._by_run.values():
            messages.remove(message_id)
        for index, item in enumerate(self.history):
            entry = item.entry
            if isinstance(entry, Message) and entry.id == message_id:
                del self.history[index]
                del self._positions[entry.id]
                return
            if isinstance(entry, Turn) and entry.message_id == message_id:
                rest = silenced(entry)
                if rest is not None:
                    self.history[index] = replace(item, entry=rest)
                else:
                    del self.history[index]
                    del self._positions[entry.id]
                return

    def _index(self, position: int) -> int:
        return bisect_left(self.history, position, key=position_of)


@dataclass(slots=True)
class Claim:
    epoch: int
    state: CallState = "started"


@dataclass(slots=True)
class HeldRun:
    """A run with its steps, turns, ledger, events and readers."""

    base: RunState
    events: list[Event]
    steps: Shelf[RunStep] = field(default_factory=lambda: Shelf[RunStep]("run step"))
    turns: dict[str, Turn] = field(default_factory=dict[str, Turn])
    claims: dict[str, Claim] = field(default_factory=dict[str, Claim])
    watchers: tuple[Callable[[], None], ...] = ()

    @property
    def state(self) -> RunState:
        """The run as it is now. Derived and never written back: readers hold no lock."""
        return replace(self.base, last_sequence=len(self.events))

    def apply(self, change: Change) -> None:
        record: RunRecord = change.record or self.base.record
        active = self.base.active_seconds if change.active_seconds is None else change.active_seconds
        if change.release:
            self.base = replace(self.base, record=record, active_seconds=active, driver=None, lease_until=0.0)
        else:
            self.base = replace(self.base, record=record, active_seconds=active)

    def forget(self, message_id: str) -> None:
        for turn in list(self.turns.values()):
            if turn.message_id == message_id:
                rest = silenced(turn)
                if rest is not None:
                    self.turns[turn.id] = rest
                else:
                    del self.turns[turn.id]


def position_of(item: HistoryItem) -> int:
    """Where an item stands in its thread."""
    return item.position
