"""Stores that are wrong, for the checks of what hosting does for a chat model; and plugins that are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from anyassistant.contract.subject import Announced
from anyassistant.errors import ThreadBusy
from anyassistant.hosting import Store
from anyassistant.plugins import Manifest
from anyassistant.store.memory import MemoryStore
from anyassistant.types import AssistantRecord, Message, Page, PageQuery, ThreadRecord
from mutant import Mutant
from pydantic import BaseModel, Field, field_validator
from reference_model import KEY, Reference


class LosesTemperatures(MemoryStore):
    """Zero is taken for absent."""

    async def create_assistant(self, record: AssistantRecord, /) -> None:
        await super().create_assistant(replace(record, temperature=record.temperature or None))


class DeletesNothing(MemoryStore):
    """What is deleted stays."""

    async def delete_assistant(self, assistant_id: str, /) -> bool:
        return True

    async def delete_thread(self, thread_id: str, /) -> bool:
        return True


class LosesMetadata(MemoryStore):
    """Metadata of threads are lost."""

    async def create_thread(self, record: ThreadRecord, messages: Sequence[Any], /) -> None:
        await super().create_thread(replace(record, metadata={}), messages)


class OneOrder(MemoryStore):
    """The oldest first, whatever was asked."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        return await super().list_messages(thread_id, replace(query, order="asc"))

    async def list_runs(self, thread_id: str | None, query: PageQuery, /) -> Page[Any]:
        return await super().list_runs(thread_id, replace(query, order="asc"))


class RepeatsTheCursor(MemoryStore):
    """A page begins with the last item of the page before."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        page = await super().list_messages(thread_id, query)
        if query.after is None:
            return page
        held = await self.get_message(thread_id, query.after)
        return page if held is None else Page([held, *page.data], page.has_more)


class IgnoresFilters(MemoryStore):
    """Messages of all runs, and threads with any metadata."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        return await super().list_messages(thread_id, replace(query, run_id=None))

    async def list_threads(self, query: PageQuery, /) -> Page[ThreadRecord]:
        return await super().list_threads(replace(query, metadata=None))


class AddsAnyhow(MemoryStore):
    """A message is taken while a run is open."""

    async def add_message(self, message: Any, /) -> None:
        try:
            await super().add_message(message)
        except ThreadBusy:
            return


class NamesNoRun(MemoryStore):
    """The error of a busy thread names another run."""

    async def create_run(self, *arguments: Any) -> None:
        try:
            await super().create_run(*arguments)
        except ThreadBusy as error:
            raise ThreadBusy(str(error), thread_id=error.thread_id, run_id="run_unknown") from error


class Keyed(BaseModel):
    api_key: str = KEY


class Loose(BaseModel, extra="allow"):
    size: int = 1


class Restless(BaseModel):
    at: float = Field(default_factory=time.monotonic)

    @field_validator("at")
    @classmethod
    def later(cls, value: float) -> float:
        return value + 1


class Talkative(BaseModel):
    size: int = 1

    @field_validator("size", mode="before")
    @classmethod
    def told(cls, value: object) -> object:
        if not isinstance(value, int):
            raise ValueError(f"{value!r} is no size")
        return value


def stored(check: str, store: type[Store]) -> Mutant:
    """A right model over a wrong store."""
    return Mutant(check, (store.__doc__ or "").strip("."), Reference, make_store=store)


def announced(
    check: str, what: str, config: type[BaseModel], *, contract: str = "1", create: Any = Reference
) -> Mutant:
    """A right model in a wrong plugin."""
    manifest = Manifest.chat_model("reference", contract=contract, config=config, create=lambda config: create())
    return Mutant(check, what, Reference, announced=Announced(manifest, config()))


MUTANTS = [
    stored("assistants: an assistant comes back as it was made", LosesTemperatures),
    stored("assistants: a deleted assistant is not found", DeletesNothing),
    stored("threads: a deleted thread is not found", DeletesNothing),
    stored("metadata: metadata come back as given", LosesMetadata),
    stored("metadata: objects are found by their metadata", IgnoresFilters),
    stored("ordering and paging: messages are listed the newest first where asked", OneOrder),
    stored("ordering and paging: pages together are the list", RepeatsTheCursor),
    stored("ordering and paging: messages are found by their run", IgnoresFilters),
    stored("ordering and paging: runs are listed the newest first", OneOrder),
    stored("thread lock: a message is refused meanwhile", AddsAnyhow),
    stored("thread lock: a second run is refused", NamesNoRun),
    announced("secrets: a config does not show them", "the key is a plain text", Keyed),
    announced("config: an unknown key is refused", "a misspelt key is kept", Loose),
    announced("config: a config comes back from its json", "a validator changes it each time", Restless),
    announced("config: a profile gives the same config", "it has the time of its making", Restless),
    announced("config: an error of a config does not show its input", "a validator repeats it", Talkative),
    announced("config: a config makes a chat model", "it makes something else", Loose, create=object),
    announced("discovery: it speaks the contract", "the version of the package", Loose, contract="0.1"),
]
