"""An assistant and a thread of a full backend, for the checks of its own protocols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import AnyAssistantError, UnsupportedCapability
from ..protocols import Assistant, MessageParams, Provider, Run, RunParams, Thread
from ..types import AssistantRecord, Event, Message, RunRecord, Text, ThreadRecord
from .asked_by_run import settled
from .verdicts import NotApplicable, Unmet


@dataclass(frozen=True, slots=True)
class Conversation:
    """An assistant and a thread of a backend."""

    provider: Provider
    assistant: Assistant
    thread: Thread

    async def start(self, *, follow: bool = False, **params: Any) -> Run:
        """A run, begun; the params are those of `RunParams`."""
        wanted = RunParams(self.assistant.record.id, **params)
        return await self.thread.create_run(wanted, executor=None, follow=follow)

    async def run(self, **params: Any) -> Run:
        """A run that has ended or rests."""
        run = await self.start(**params)
        await settled(run)
        return run

    async def add(self, text: str) -> Message:
        """A message of the user."""
        return await self.thread.create_message(said(text))


class _Recorded(Protocol):
    @property
    def record(self) -> AssistantRecord | ThreadRecord | RunRecord: ...


def said(text: str) -> MessageParams:
    """A message of the user, to be made."""
    return MessageParams([Text(text)])


async def listen(run: Run) -> list[Event]:
    """The events of a run whose stream was asked for, to its end."""
    async with aclosing(run.events()) as events:
        return [event async for event in events]


def listed(data: Sequence[_Recorded], *, among: Sequence[str] | None = None) -> list[str]:
    """The ids of what was listed; of ours alone, where others may use the backend, too."""
    return [one.record.id for one in data if among is None or one.record.id in among]


@contextmanager
def refused(kind: type[AnyAssistantError], came: str) -> Iterator[list[AnyAssistantError]]:
    """What is done inside has to be refused with this error, which is in the list afterwards.

    Raises:
        Unmet: It is not.
    """
    errors: list[AnyAssistantError] = []
    try:
        yield errors
    except kind as error:
        errors.append(error)
    else:
        raise Unmet(kind.__name__, came)


@contextmanager
def optional() -> Iterator[None]:
    """What is done inside is not for every backend: it is done, or refused as it has to be.

    Raises:
        NotApplicable: It is refused.
    """
    try:
        yield
    except UnsupportedCapability as error:
        raise NotApplicable(f"refused with UnsupportedCapability: {error}") from None
