"""A full backend asked as a ChatModel is: each request is a run on a thread of its own.

By it one check holds both kinds of providers to a rule: what a request has goes into an assistant, a thread and the
options of a run, and the answer is read from the run's events and its record.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, cast

import anyio

from ..errors import AnyAssistantError, ProviderError
from ..protocols import (
    AssistantMessage,
    AssistantParams,
    Capabilities,
    ChatModel,
    FinishReason,
    MessageParams,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    Provider,
    Run,
    RunParams,
    ThreadParams,
    ToolCallDelta,
    ToolMessage,
    UserMessage,
)
from ..types import MessageDeltaEvent, PageQuery, Refusal, RunRecord, Text, ToolOutput, join_text
from .verdicts import NotApplicable, Unmet

CLOSE_SECONDS = 10.0
"""How long a backend may take to end a run of which nobody wants to hear more."""
PAUSE = 0.02
"""Seconds between two looks at a run, where the backend does not say how long."""


class AskedByRun(ChatModel):
    """A backend, asked by runs.

    Args:
        provider: The backend; it is closed with this.
    """

    def __init__(self, provider: Provider) -> None:
        self.capabilities = provider.capabilities
        self._provider = provider
        self._resting: dict[str, Run] = {}

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        run = await self._go_on(request) or await self._begin(request)
        has_refused = False
        try:
            if self.capabilities.streaming:
                async with aclosing(run.events()) as events:
                    async for event in events:
                        if isinstance(event, MessageDeltaEvent):
                            delta = _delta_of(event)
                            has_refused = has_refused or bool(delta.refusal)
                            yield delta
            record = await settled(run)
            if not self.capabilities.streaming:
                for delta in await self._told_by(run):
                    has_refused = has_refused or bool(delta.refusal)
                    yield delta
            for call in record.pending_calls:
                self._resting[call.id] = run
                yield ModelDelta(tool_call=ToolCallDelta(call.name, call.arguments, id=call.id))
            yield ModelDelta(usage=record.usage, finish_reason=_finish_reason(record, has_refused=has_refused))
        finally:
            if run not in self._resting.values():
                await _end(run)

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._provider.capabilities_of(model)

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        raise NotApplicable("`count_tokens` is a chat model's: a backend counts for itself")

    async def aclose(self) -> None:
        resting, self._resting = self._resting, {}
        for run in {id(run): run for run in resting.values()}.values():
            await _end(run)
        await self._provider.aclose()

    async def _begin(self, request: ModelRequest) -> Run:
        provider = self._provider
        messages = [_message(one) for one in request.messages]
        assistant = await provider.create_assistant(AssistantParams(model=request.model, tools=request.tools))
        thread = await provider.create_thread(ThreadParams(messages))
        schema = request.response_schema
        json_schema = None if schema is None else {"name": schema.name, "schema": schema.schema}
        params = RunParams(
            assistant.record.id,
            instructions=request.instructions,
            tool_choice=request.tool_choice,
            parallel_tool_calls=request.parallel_tool_calls,
            response_format=None if json_schema is None else {"type": "json_schema", "json_schema": json_schema},
            temperature=request.temperature,
            top_p=request.top_p,
            max_completion_tokens=request.max_completion_tokens,
            reasoning_effort=request.reasoning_effort,
        )
        return await thread.create_run(params, executor=None, follow=self.capabilities.streaming)

    async def _go_on(self, request: ModelRequest) -> Run | None:
        """Give the outputs at the end of a request to the run whose calls they are of; None where there are none."""
        outputs = _outputs_at_the_end(request.messages)
        run = self._resting.get(outputs[0].tool_call_id) if outputs else None
        if run is None:
            return None
        for output in outputs:
            self._resting.pop(output.tool_call_id, None)
        await run.submit_tool_outputs(outputs, follow=self.capabilities.streaming)
        return run

    async def _told_by(self, run: Run) -> Sequence[ModelDelta]:
        """What a run has said, read from its messages."""
        thread = await self._provider.get_thread(run.record.thread_id)
        page = await thread.list_messages(PageQuery(order="asc", run_id=run.record.id))
        parts = [part for message in page.data for part in message.content]
        return [
            ModelDelta(refusal=part.refusal) if isinstance(part, Refusal) else ModelDelta(text=join_text([part]))
            for part in parts
        ]

    def __repr__(self) -> str:
        return repr(self._provider)

    def __str__(self) -> str:
        return str(self._provider)


async def settled(run: Run) -> RunRecord:
    """The run when it has ended or rests; it is looked at until then."""
    while (await run.refresh()).is_open and run.record.status != "requires_action":  # noqa: ASYNC110 - nobody tells
        await anyio.sleep(PAUSE if run.poll_after is None else run.poll_after)
    return run.record


async def _end(run: Run) -> None:
    with anyio.move_on_after(CLOSE_SECONDS, shield=True), suppress(AnyAssistantError):
        await run.aclose()
        if run.record.is_open:
            await run.cancel()


def _message(message: ModelMessage) -> MessageParams:
    match message:
        case UserMessage(content):
            return MessageParams(content)
        case AssistantMessage(text=str(text), tool_calls=[]) if text:
            return MessageParams([Text(text)], "assistant")
        case _:
            raise NotApplicable("a thread of a backend takes no calls, outputs or empty turns but those of its runs")


def _outputs_at_the_end(messages: Sequence[ModelMessage]) -> Sequence[ToolOutput]:
    outputs: list[ToolOutput] = []
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            break
        outputs.insert(0, ToolOutput(message.call_id, message.text))
    return outputs


def _delta_of(event: MessageDeltaEvent) -> ModelDelta:
    delta = cast("Mapping[str, Sequence[Mapping[str, object]]]", event.data["delta"])
    is_refusal = any(part.get("type") == "refusal" for part in delta["content"])
    return ModelDelta(refusal=event.text) if is_refusal else ModelDelta(text=event.text)


def _finish_reason(record: RunRecord, *, has_refused: bool) -> FinishReason:
    """How a run's last turn ended.

    Raises:
        ProviderError: It failed.
    """
    match record.status:
        case "completed":
            return "refusal" if has_refused else "stop"
        case "requires_action":
            return "tool_calls"
        case "incomplete":
            return "length"
        case "failed" if record.last_error is not None:
            error = record.last_error
            raise ProviderError(
                error.message, code=error.code, retry_after=error.retry_after, request_id=error.request_id
            )
        case _:
            raise Unmet("a run that ends by itself, with a `last_error` where it failed", record)


if TYPE_CHECKING:
    _model: type[ChatModel] = AskedByRun
