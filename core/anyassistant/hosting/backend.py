"""The four protocols over a `ChatModel` and a `Store`: assistants, threads and runs for a model that has none."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import anyio

from .. import protocols
from ..errors import InvalidRequest, NotFound, ThreadBusy, UnsupportedCapability
from ..protocols import (
    AssistantParams,
    Capabilities,
    ChatModel,
    MessageParams,
    NamedTool,
    RunParams,
    ThreadParams,
    ToolChoice,
    ToolExecutor,
)
from ..types import (
    AssistantRecord,
    Event,
    Image,
    Limits,
    Message,
    Page,
    PageQuery,
    RunRecord,
    RunStep,
    ThreadRecord,
    ToolCall,
    ToolOutput,
)
from ..types.events import RunEvent
from .drive import Drive
from .driver import Drivers, OwnedRun, TaskHost, Wakeable, is_undriven
from .follow import Follower
from .ids import new_id
from .store import HistoryMessage, RunState, Store
from .tokens import estimate_message

T = TypeVar("T")

logger = logging.getLogger("anyassistant")

CLOSE_SECONDS = 10.0
"""How long leaving a client waits for its model to close."""


class HostedProvider(protocols.Provider):
    """A chat model with assistants, threads and runs in a store.

    Args:
        name: The provider's name, which marks its turns: their opaque state goes back to the same provider only.
        model: The chat model; it is closed with the provider.
        host: Where the drivers' tasks live.
        default_model: The model of runs whose assistant names none.
        lease: Seconds after which a driver that says nothing counts as gone.
    """

    def __init__(
        self,
        name: str,
        model: ChatModel,
        store: Store,
        *,
        host: TaskHost,
        new_waker: Callable[[], Wakeable],
        default_model: str,
        lease: float,
    ) -> None:
        self.name = name
        self.model = model
        self.store = store
        self.default_model = default_model
        self.new_waker = new_waker
        self.drivers = Drivers(store, host, new_waker, lease=lease)
        self.capabilities = hosted(model.capabilities)

    async def create_assistant(self, params: AssistantParams, /) -> HostedAssistant:
        record = assistant_record(new_id("asst"), int(time.time()), params)
        await self.store.create_assistant(record)
        return HostedAssistant(self.store, record)

    async def get_assistant(self, assistant_id: str, /) -> HostedAssistant:
        record = await self.store.get_assistant(assistant_id)
        if record is None:
            raise not_found("assistant", assistant_id)
        return HostedAssistant(self.store, record)

    async def list_assistants(self, query: PageQuery, /) -> Page[protocols.Assistant]:
        page = await self.store.list_assistants(query)
        return Page([HostedAssistant(self.store, record) for record in page.data], page.has_more)

    async def create_thread(self, params: ThreadParams, /) -> HostedThread:
        record = ThreadRecord(new_id("thread"), int(time.time()), dict(params.metadata))
        messages = [self.new_message(record.id, one) for one in params.messages]
        await self.store.create_thread(record, messages)
        return HostedThread(self, record)

    async def get_thread(self, thread_id: str, /) -> HostedThread:
        record = await self.store.get_thread(thread_id)
        if record is None:
            raise not_found("thread", thread_id)
        return HostedThread(self, record)

    async def list_threads(self, query: PageQuery, /) -> Page[protocols.Thread]:
        page = await self.store.list_threads(query)
        return Page([HostedThread(self, record) for record in page.data], page.has_more)

    async def get_run(self, run_id: str, /) -> HostedRun:
        """A run of any thread."""
        state = await self.store.get_run(run_id)
        if state is None:
            raise not_found("run", run_id)
        return HostedRun(self, await self.settle(state), None)

    async def list_runs(self, query: PageQuery, /, *, thread_id: str | None = None) -> Page[HostedRun]:
        """Runs of all threads, or of one."""
        page = await self.store.list_runs(thread_id, query)
        return Page([HostedRun(self, state, None) for state in page.data], page.has_more)

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return hosted(await self.model.capabilities_of(model))

    async def aclose(self) -> None:
        await self.drivers.park()
        with anyio.move_on_after(CLOSE_SECONDS) as scope:
            await self.model.aclose()
        if scope.cancelled_caught:
            logger.warning("model of provider %r did not close within %s s", self.name, CLOSE_SECONDS)

    def new_message(self, thread_id: str, params: MessageParams) -> HistoryMessage:
        """A message of the app's.

        Raises:
            UnsupportedCapability: It has an image, and the model takes none.
        """
        if not self.capabilities.images and any(isinstance(part, Image) for part in params.content):
            raise UnsupportedCapability(
                f"Provider {self.name!r} takes no images.", capability="images", param="content"
            )
        now = int(time.time())
        message = Message(
            id=new_id("msg"),
            role=params.role,
            content=tuple(params.content),
            thread_id=thread_id,
            created_at=now,
            completed_at=now,
            metadata=dict(params.metadata),
        )
        return HistoryMessage(message, estimate_message(message))

    async def settle(self, state: RunState) -> RunState:
        """End an open run that nobody drives and whose time is over, or whose end was asked for."""
        is_over = state.cancel_requested_at is not None or (state.expires is not None and state.expires <= time.time())
        if state.record.is_open and is_over and is_undriven(state, time.time()):
            owned = await self.take_up(state, NO_TOOLS)
            if owned is not None:
                await owned.ended.wait()
            return await self.store.get_run(state.record.id) or state
        return state

    async def take_up(
        self, state: RunState, executor: ToolExecutor, outputs: Sequence[ToolOutput] = ()
    ) -> OwnedRun | None:
        """Become the driver of a run that nobody drives; None where somebody does."""

        async def take_over() -> OwnedRun | None:
            taken = await self.drivers.take_over(state)
            return None if taken is None else self.drive(taken, executor, outputs)

        return await self.drivers.complete(take_over)

    def drive(self, state: RunState, executor: ToolExecutor, outputs: Sequence[ToolOutput] = ()) -> OwnedRun:
        """Start the driver of a run whose lease this client has. Nothing may fail between the two."""
        drive = Drive(self.store, self.model, self.name, self.capabilities_of, executor, outputs)

        async def drive_and_settle(owned: OwnedRun) -> None:
            await drive(owned)
            if owned.rests:  # a cancel that came while it was laid down
                rested = await self.store.get_run(state.record.id)
                if rested is not None and rested.cancel_requested_at is not None:
                    await self.settle(rested)

        return self.drivers.start(state, drive_and_settle)


class HostedAssistant(protocols.Assistant):
    """An assistant in the store."""

    def __init__(self, store: Store, record: AssistantRecord) -> None:
        self._store = store
        self.record = record

    async def update(self, params: AssistantParams, /) -> AssistantRecord:
        record = assistant_record(self.record.id, self.record.created_at, params)
        if not await self._store.replace_assistant(record):
            raise not_found("assistant", record.id)
        self.record = record
        return record

    async def delete(self) -> None:
        if not await self._store.delete_assistant(self.record.id):
            raise not_found("assistant", self.record.id)


class HostedThread(protocols.Thread):
    """A thread in the store."""

    def __init__(self, provider: HostedProvider, record: ThreadRecord) -> None:
        self._provider = provider
        self._store = provider.store
        self.record = record

    async def create_message(self, params: MessageParams, /) -> Message:
        message = self._provider.new_message(self.record.id, params)
        await self._unless_held(lambda: self._store.add_message(message))
        return message.message

    async def get_message(self, message_id: str, /) -> Message:
        message = await self._store.get_message(self.record.id, message_id)
        if message is None:
            raise not_found("message", message_id)
        return message

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        return await self._store.list_messages(self.record.id, query)

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        message = replace(await self.get_message(message_id), metadata=dict(metadata))
        if not await self._store.replace_message(message):
            raise not_found("message", message_id)
        return message

    async def delete_message(self, message_id: str, /) -> None:
        if not await self._unless_held(lambda: self._store.delete_message(self.record.id, message_id)):
            raise not_found("message", message_id)

    async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> HostedRun:
        provider = self._provider
        assistant = await self._store.get_assistant(params.assistant_id)
        if assistant is None:
            raise not_found("assistant", params.assistant_id)
        now = time.time()
        record = run_record(self.record.id, assistant, params, provider.default_model, int(now))
        refuse_unclaimed(record, await provider.capabilities_of(record.model), provider.name)
        refuse_unknown_choice(record, params.tool_choice)
        state = RunState(
            record,
            driver=None if executor is None else provider.drivers.identity,
            lease_until=provider.drivers.lease_until(),
            epoch=1,
            expires=None if params.expires_in is None else now + params.expires_in,
            last_sequence=2,
        )
        messages = [provider.new_message(self.record.id, one) for one in params.additional_messages]
        events = [RunEvent("thread.run.created", record, 1), RunEvent("thread.run.queued", record, 2)]

        async def create() -> HostedRun:
            await self._store.create_run(state, messages, events)
            owned = None if executor is None else provider.drive(state, executor)
            return HostedRun(provider, state, executor, owned)

        return await provider.drivers.complete(lambda: self._unless_held(create))

    async def get_run(self, run_id: str, /, *, executor: ToolExecutor | None = None) -> HostedRun:
        state = await self._store.get_run(run_id)
        if state is None or state.record.thread_id != self.record.id:
            raise not_found("run", run_id)
        state = await self._provider.settle(state)
        owned = None
        if executor is not None and _can_take_up(state, executor):
            owned = await self._provider.take_up(state, executor)
            state = (owned.state if owned is not None else await self._store.get_run(run_id)) or state
        return HostedRun(self._provider, state, executor, owned)

    async def list_runs(self, query: PageQuery, /) -> Page[protocols.Run]:
        return await self._provider.list_runs(query, thread_id=self.record.id)

    async def update(self, metadata: Mapping[str, str], /) -> ThreadRecord:
        record = replace(self.record, metadata=dict(metadata))
        if not await self._store.replace_thread(record):
            raise not_found("thread", record.id)
        self.record = record
        return record

    async def delete(self) -> None:
        if not await self._unless_held(lambda: self._store.delete_thread(self.record.id)):
            raise not_found("thread", self.record.id)

    async def _unless_held(self, write: Callable[[], Awaitable[T]]) -> T:
        """A run whose time is over does not hold the thread, even where nobody was there to see it expire."""
        try:
            return await write()
        except ThreadBusy as busy:
            state = await self._store.get_run(busy.run_id)
            if state is not None and (await self._provider.settle(state)).record.is_open:
                raise
            return await write()


class HostedRun(protocols.Run):
    """A run in the store."""

    def __init__(
        self,
        provider: HostedProvider,
        state: RunState,
        executor: ToolExecutor | None,
        owned: OwnedRun | None = None,
    ) -> None:
        self._provider = provider
        self._store = provider.store
        self._executor = executor
        self._owned = owned or provider.drivers.owned(state.record.id)
        self.record = seen(state)

    @property
    def cause(self) -> BaseException | None:
        return self._owned.cause if self._owned is not None else None

    def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        provider = self._provider
        return Follower(self._store, provider.drivers, provider.new_waker, self.record.id, after=after)

    async def refresh(self) -> RunRecord:
        state = await self._store.get_run(self.record.id)
        if state is None:
            raise not_found("run", self.record.id)
        self.record = seen(await self._provider.settle(state))
        return self.record

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        state = await self._store.get_run(self.record.id)
        if state is None:
            raise not_found("run", self.record.id)
        state = await self._provider.settle(state)
        pending = {call.id for call in state.record.pending_calls}
        if state.record.status != "requires_action" or not is_undriven(state, time.time()):
            raise self._not_waiting(state)
        for output in outputs:
            if output.tool_call_id not in pending:
                raise InvalidRequest(
                    f"Run {self.record.id} does not wait for call {output.tool_call_id!r}; it waits for: "
                    f"{', '.join(sorted(pending))}.",
                    param="tool_outputs",
                    code="unknown_tool_call",
                )
        owned = await self._provider.take_up(state, self._executor or NO_TOOLS, outputs)
        if owned is None:
            raise self._not_waiting(state)
        self._owned = owned
        await owned.accepted.wait()
        if not owned.has_accepted:
            raise self._not_waiting(await self._store.get_run(self.record.id) or state) from owned.error

    async def cancel(self) -> None:
        state = await self._store.request_cancel(self.record.id, time.time())
        if state is None:
            raise not_found("run", self.record.id)
        self.record = seen(await self._provider.settle(state))

    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]:
        return await self._store.list_steps(self.record.id, query)

    def _not_waiting(self, state: RunState) -> InvalidRequest:
        return InvalidRequest(
            f"Run {self.record.id} is {seen(state).status} and waits for no outputs.",
            param="run_id",
            code="run_not_waiting",
        )


class _NoTools(ToolExecutor):
    """Nobody to call a tool: all calls of the run's tools rest for the caller."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset()

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: protocols.Journal) -> Sequence[ToolOutput]:
        raise RuntimeError("an executor without tools was asked to call one")


NO_TOOLS: ToolExecutor = _NoTools()


def hosted(capabilities: Capabilities) -> Capabilities:
    """What a chat model's provider claims: what the model does, and what hosting adds."""
    return replace(capabilities, cancel=True, event_log=True, list_threads=True)


def assistant_record(assistant_id: str, created_at: int, params: AssistantParams) -> AssistantRecord:
    return AssistantRecord(
        id=assistant_id,
        created_at=created_at,
        name=params.name,
        description=params.description,
        instructions=params.instructions,
        model=params.model,
        tools=tuple(params.tools),
        temperature=params.temperature,
        top_p=params.top_p,
        response_format=params.response_format or "auto",
        metadata=dict(params.metadata),
    )


def run_record(
    thread_id: str, assistant: AssistantRecord, params: RunParams, default_model: str, now: int
) -> RunRecord:
    """A run with its assistant as it is now: what the run's parameters leave open is the assistant's."""
    instructions = assistant.instructions if params.instructions is None else params.instructions
    if params.additional_instructions:
        instructions = "\n\n".join(filter(None, (instructions, params.additional_instructions)))
    choice = params.tool_choice
    return RunRecord(
        id=new_id("run"),
        thread_id=thread_id,
        assistant_id=assistant.id,
        status="queued",
        model=params.model or assistant.model or default_model,
        metadata=dict(params.metadata),
        expires_at=None if params.expires_in is None else math.ceil(now + params.expires_in),
        created_at=now,
        instructions=instructions,
        tools=tuple(assistant.tools if params.tools is None else params.tools),
        temperature=assistant.temperature if params.temperature is None else params.temperature,
        top_p=assistant.top_p if params.top_p is None else params.top_p,
        max_prompt_tokens=params.max_prompt_tokens,
        max_completion_tokens=params.max_completion_tokens,
        truncation_strategy=params.truncation_strategy or {"type": "auto", "last_messages": None},
        response_format=assistant.response_format if params.response_format is None else params.response_format,
        tool_choice=_wire_choice(choice.name) if isinstance(choice, NamedTool) else choice,
        parallel_tool_calls=params.parallel_tool_calls,
        reasoning_effort=params.reasoning_effort,
        limits=params.limits or Limits(),
    )


def refuse_unclaimed(record: RunRecord, capabilities: Capabilities, provider: str) -> None:
    """Refuse on a chat model's behalf what it does not claim.

    Raises:
        UnsupportedCapability: It names the capability.
    """
    if record.tools and not capabilities.tools:
        raise UnsupportedCapability(
            f"Model {record.model!r} of provider {provider!r} takes no tools.", capability="tools", param="tools"
        )
    wanted = record.response_format
    if not isinstance(wanted, str) and wanted.get("type") != "text" and not capabilities.json_schema:
        raise UnsupportedCapability(
            f"Model {record.model!r} of provider {provider!r} cannot hold its answer to a JSON Schema.",
            capability="json_schema",
            param="response_format",
        )


def refuse_unknown_choice(record: RunRecord, choice: ToolChoice) -> None:
    """Refuse a tool choice that names no tool of the run.

    Raises:
        InvalidRequest: It does.
    """
    names = [tool.name for tool in record.tools]
    if isinstance(choice, NamedTool) and choice.name not in names:
        raise InvalidRequest(
            f"`tool_choice` names {choice.name!r}, which is no tool of the run; it has: {', '.join(names) or 'none'}.",
            param="tool_choice",
            code="invalid_value",
        )


def seen(state: RunState) -> RunRecord:
    """The record as readers see it: `cancelling` from the moment at which somebody asked."""
    record = state.record
    if state.cancel_requested_at is not None and record.is_open:
        return replace(record, status="cancelling", pending_calls=())
    return record


def not_found(kind: str, key: str) -> NotFound:
    return NotFound(f"There is no {kind} {key!r} in this client's store.", param=f"{kind}_id", code="not_found")


def _wire_choice(name: str) -> Mapping[str, object]:
    return {"type": "function", "function": {"name": name}}


def _can_take_up(state: RunState, executor: ToolExecutor) -> bool:
    """Whether a driver with these tools has something to do: nobody drives the run, and it does not wait for others."""
    if not state.record.is_open or not is_undriven(state, time.time()):
        return False
    if state.record.status != "requires_action":
        return True
    return any(call.name in executor.names for call in state.record.pending_calls)


if TYPE_CHECKING:
    from ..host_task import HostTask

    def _host_conforms(host: HostTask) -> TaskHost:
        return host
