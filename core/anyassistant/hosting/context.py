"""History into `ModelRequest`: what each turn becomes, and what is left out where it does not fit.

The history is read backwards from the newest entry, once per run, and extended by the run's own turns. What does not
fit is left out in whole units (a user message, a turn with its calls and their outputs), oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import UnsupportedCapability
from ..protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ResponseSchema,
    ToolChoice,
    ToolMessage,
    UserMessage,
)
from ..types import HistoryItem, Message, RunRecord, Text, ToolCall, Turn, TurnCall
from .store import Store
from .tokens import estimate_text, estimate_turn

CHUNK = 64
"""History items that are read at once."""
SLACK = 4
"""How many times the budget is read by estimate, where the model counts for itself."""


class PromptTooLong(Exception):
    """What must be sent does not fit `max_prompt_tokens`, or the model's context, by the model's own count."""

    def __init__(self, tokens: int, budget: int) -> None:
        super().__init__(f"the newest messages alone have about {tokens} tokens, and {budget} are allowed")


@dataclass(frozen=True, slots=True)
class Unit:
    """What goes into a prompt, or is left out, as a whole."""

    messages: Sequence[ModelMessage]
    tokens: int
    is_user: bool


@dataclass(frozen=True, slots=True)
class View:
    """Which units a prompt has: those from `start` on, but for the range `left_out`."""

    start: int
    left_out: tuple[int, int] = (0, 0)


class Context:
    """What the model of one run is given, call by call."""

    def __init__(
        self, record: RunRecord, model: ChatModel, capabilities: Capabilities, provider: str, units: list[Unit]
    ) -> None:
        self._record = record
        self._model = model
        self._capabilities = capabilities
        self._provider = provider
        self._units = units
        self._view = View(0)

    @classmethod
    async def read(
        cls, store: Store, record: RunRecord, model: ChatModel, capabilities: Capabilities, provider: str
    ) -> Context:
        """Read as much of the thread's history as may be needed; turns of this run included."""
        budget = _budget(record, capabilities)
        enough = None if budget is None else budget * (SLACK if _counts(model) else 1)
        wanted = _last_messages(record)
        units: list[Unit] = []
        own, tokens, messages, before = 0, 0, 0, None
        done = False
        while not done:
            items = await store.read_history(record.thread_id, before=before, limit=CHUNK)
            for item in items:
                is_own = isinstance(item.entry, Turn) and item.entry.run_id == record.id
                messages += not is_own and _is_message(item)
                if wanted is not None and messages > wanted:
                    done = True
                    break
                unit = to_unit(item, provider, images=capabilities.images)
                own += is_own
                units.append(unit)
                tokens += unit.tokens
                if enough is not None and tokens > enough and own < len(units):
                    done = True
                    break
            if len(items) < CHUNK:
                break
            before = items[-1].position
        units.reverse()
        return cls(record, model, capabilities, provider, units)

    def add_turn(self, turn: Turn) -> None:
        """A turn of this run has all its outputs."""
        messages = turn_messages(turn, self._provider, images=self._capabilities.images)
        self._units.append(Unit(messages, estimate_turn(turn), is_user=False))

    def add_note(self, text: str) -> None:
        """Tell the model what was wrong with its answer; the note is not part of the thread."""
        note = UserMessage([Text(text)])
        self._units.append(Unit([note], estimate_text(text), is_user=False))

    async def request(self, *, tool_choice: ToolChoice, max_completion_tokens: int | None) -> ModelRequest:
        """The next call's request, trimmed to what fits.

        Raises:
            PromptTooLong: What must be sent does not fit.
            UnsupportedCapability: The history has an image, and the model takes none.
        """
        budget = _budget(self._record, self._capabilities)
        request = self._request(self._view, tool_choice, max_completion_tokens)
        if budget is not None:
            request = await self._trim(request, budget)
        self._refuse_images(request)
        return request

    async def _trim(self, request: ModelRequest, budget: int) -> ModelRequest:
        """Leave out as little as makes the request fit. What fits as it is is counted once."""
        tokens = await self._tokens(request, self._view)
        shorter = self._views() if tokens > budget else []
        if shorter:
            low, high = 0, len(shorter) - 1
            while low < high:  # the first that fits, else the shortest
                middle = (low + high) // 2
                if await self._tokens(self._with(request, shorter[middle]), shorter[middle]) <= budget:
                    high = middle
                else:
                    low = middle + 1
            request = self._with(request, shorter[low])
            self._view = shorter[low]
            tokens = await self._tokens(request, self._view)
        if tokens > budget and (_counts(self._model) or self._record.max_prompt_tokens is not None):
            raise PromptTooLong(tokens, budget)
        return request

    def _request(self, view: View, tool_choice: ToolChoice, max_completion_tokens: int | None) -> ModelRequest:
        record = self._record
        return ModelRequest(
            run_id=record.id,
            model=record.model,
            messages=self._messages(view),
            instructions=record.instructions,
            tools=record.tools,
            tool_choice=tool_choice,
            parallel_tool_calls=record.parallel_tool_calls and self._capabilities.parallel_tool_calls,
            response_schema=response_schema(record),
            temperature=record.temperature,
            top_p=record.top_p,
            max_completion_tokens=max_completion_tokens,
            reasoning_effort=record.reasoning_effort,
        )

    def _views(self) -> list[View]:
        """The ways to leave out more than now, the least first; each begins at a user message, as models expect.

        First whole exchanges go, up to the user message that this run answers; then the run's own turns, but its last.
        """
        users = [at for at, unit in enumerate(self._units) if unit.is_user]
        asked = users[-1] if users else 0
        views = [View(at) for at in users if at > self._view.start]
        own = range(asked + 1, len(self._units) - 1)
        return views + [View(asked, (asked + 1, at + 1)) for at in own if at + 1 > self._view.left_out[1]]

    def _messages(self, view: View) -> list[ModelMessage]:
        return [message for unit in self._seen(view) for message in unit.messages]

    def _seen(self, view: View) -> list[Unit]:
        first, last = view.left_out
        return self._units[view.start :] if first == last else self._units[view.start : first] + self._units[last:]

    def _with(self, request: ModelRequest, view: View) -> ModelRequest:
        return request if view == self._view else replace(request, messages=self._messages(view))

    async def _tokens(self, request: ModelRequest, view: View) -> int:
        if _counts(self._model):
            counted = await self._model.count_tokens(request)
            if counted is not None:
                return counted
        tools = sum(estimate_text(tool.name + tool.description + str(tool.parameters)) for tool in request.tools)
        return estimate_text(request.instructions or "") + tools + sum(unit.tokens for unit in self._seen(view))

    def _refuse_images(self, request: ModelRequest) -> None:
        if self._capabilities.images:
            return
        if any(isinstance(message, UserMessage) and message.images for message in request.messages):
            raise UnsupportedCapability(
                f"The thread has an image, and model {self._record.model!r} of provider {self._provider!r} takes none: "
                "run it on a model that does, or begin a thread without.",
                capability="images",
                param="messages",
            )


def to_unit(item: HistoryItem, provider: str, *, images: bool) -> Unit:
    """What a history item becomes in a prompt, for a model that takes images or does not."""
    if isinstance(item.entry, Turn):
        return Unit(turn_messages(item.entry, provider, images=images), item.tokens, is_user=False)
    message = item.entry
    if message.role == "user":
        return Unit([UserMessage(message.content)], item.tokens, is_user=True)
    return Unit([AssistantMessage(message.text)], item.tokens, is_user=False)


def turn_messages(turn: Turn, provider: str, *, images: bool) -> list[ModelMessage]:
    """What a turn becomes: the model's words and calls, then one output for each call.

    A call whose arguments a person changed stands there as it was made, so that its output fits it.
    """
    same = turn.provider == provider
    ids = [(call.provider_id if same else None) or call.id for call in turn.tool_calls]
    calls = [
        ToolCall(own, call.name, call.as_called().arguments, call.output, call.error)
        for call, own in zip(turn.tool_calls, ids, strict=True)
    ]
    spoken = AssistantMessage(turn.text or turn.refusal, calls, turn.provider_state if same else None)
    return [spoken, *(_output(call, own, images) for call, own in zip(turn.tool_calls, ids, strict=True))]


def _output(call: TurnCall, call_id: str, images: bool) -> ToolMessage:
    text = call.output or ""
    if call.images and not images:
        text += said_of_images(len(call.images))
    shown = call.images if images else ()
    return ToolMessage(call_id, call.name, text, is_error=call.error is not None, images=shown)


def said_of_images(count: int) -> str:
    """What stands for images of a tool's result that a model is not shown."""
    return f"\n[{count} image(s) that this model cannot be shown]"


def response_schema(record: RunRecord) -> ResponseSchema | None:
    """The schema which a run's answer must fit, if it must fit one."""
    wanted = record.response_format
    if isinstance(wanted, str) or wanted.get("type") == "text":
        return None
    inner = wanted.get("json_schema")
    if isinstance(inner, Mapping):
        schema = inner.get("schema")
        return ResponseSchema(str(inner.get("name", "response")), schema if isinstance(schema, Mapping) else {})
    return ResponseSchema("json_object", {"type": "object"})


def tool_choice_of(record: RunRecord) -> ToolChoice:
    """A record's tool choice, which has the wire's shape, as the model's request has it."""
    choice = record.tool_choice
    match choice:
        case "auto" | "none" | "required":
            return choice
        case str():
            return NamedTool(choice)
        case _:
            function = choice.get("function")
            return NamedTool(str(function["name"])) if isinstance(function, Mapping) else "auto"


def _budget(record: RunRecord, capabilities: Capabilities) -> int | None:
    bounds = [bound for bound in (record.max_prompt_tokens, capabilities.context_tokens) if bound is not None]
    return min(bounds) if bounds else None


def _last_messages(record: RunRecord) -> int | None:
    last = record.truncation_strategy.get("last_messages")
    is_wanted = record.truncation_strategy.get("type") == "last_messages"
    return last if is_wanted and isinstance(last, int) else None


def _is_message(item: HistoryItem) -> bool:
    """Whether the item counts as a message: a turn of calls alone does not."""
    return isinstance(item.entry, Message) or item.entry.message_id is not None


def _counts(model: ChatModel) -> bool:
    return type(model).count_tokens is not ChatModel.count_tokens
