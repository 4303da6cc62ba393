"""`echo`: a deterministic provider without a network, for tests and for authors who try their app.

It looks at the last user message, line by line:

- `CALL name {json}` whose tool is attached becomes a tool call, unless the tool choice is `none`; what follows the
  name goes out as it stands. `CALL! name {json}` calls a tool even if it is not attached. Several lines are parallel
  calls of one turn, one a turn where parallel calls are not allowed. A line `THEN` begins the next round.
- With no calls left, `SLEEP s` waits, then `FAIL code message` makes the model call fail; else it answers:
  after calls `TOOL RESULT: ` and all outputs; for `TOKENS n`, n deltas of `tok `; for `REQUEST`, one JSON object of
  what it was given; otherwise `ECHO: ` and the last user text.

Usage counts whitespace-separated words, and `max_completion_tokens` cuts the answer after so many.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from .errors import ProviderError
from .plugins import Manifest, hookimpl
from .protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ToolCallDelta,
    ToolMessage,
    Usage,
    UserMessage,
)

_WORD = re.compile(r"\s*\S+\s*")


class Config(BaseModel):
    """`echo` has nothing to configure."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Echo(ChatModel):
    """The model of provider `echo`; see the module for its contract."""

    capabilities = Capabilities(
        tools=True, parallel_tool_calls=True, images=True, json_schema=True, streaming=True, usage=True
    )

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        script = read_script(request)
        prompt = count_words(request)
        calls = script.next_calls(request)
        if calls:
            for call in calls:
                yield ModelDelta(tool_call=ToolCallDelta(call.name, call.arguments))
            words = sum(len(f"{call.name} {call.arguments}".split()) for call in calls)
            yield ModelDelta(usage=Usage(prompt, words), finish_reason="tool_calls")
            return
        if script.sleep:
            import anyio

            await anyio.sleep(script.sleep)
        if script.failure is not None:
            code, message = script.failure
            raise ProviderError(message, code=code)
        said = 0
        for word in answer(script, request):
            if request.max_completion_tokens is not None and said >= request.max_completion_tokens:
                yield ModelDelta(usage=Usage(prompt, said), finish_reason="length")
                return
            said += 1
            yield ModelDelta(text=word)
        yield ModelDelta(usage=Usage(prompt, said), finish_reason="stop")

    async def count_tokens(self, request: ModelRequest, /) -> int:
        return count_words(request)


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the last user message asks for.

    Attributes:
        rounds: The calls of each round, those of tools that are not attached left out.
        done: How many calls were made since that message.
        outputs: What they gave, in order.
    """

    text: str
    rounds: Sequence[Sequence[ScriptedCall]]
    done: int
    outputs: Sequence[str]
    sleep: float = 0.0
    failure: tuple[str, str] | None = None
    tokens: int | None = None
    wants_request: bool = False

    def next_calls(self, request: ModelRequest) -> Sequence[ScriptedCall]:
        """The calls of the next turn; none when all were made."""
        before = 0
        for calls in self.rounds:
            left = calls[max(0, self.done - before) :]
            if left:
                return left if request.parallel_tool_calls else left[:1]
            before += len(calls)
        return ()


def read_script(request: ModelRequest) -> Script:
    """Read the last user message as `echo` does."""
    last = max((at for at, one in enumerate(request.messages) if isinstance(one, UserMessage)), default=-1)
    text = request.messages[last].text if last >= 0 else ""
    since = request.messages[last + 1 :]
    attached = {tool.name for tool in request.tools}
    rounds: list[list[ScriptedCall]] = [[]]
    sleep, failure, tokens, wants_request = 0.0, None, None, False
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        match word:
            case "CALL" | "CALL!":
                name, _, arguments = rest.strip().partition(" ")
                if request.tool_choice != "none" and (word == "CALL!" or name in attached):
                    rounds[-1].append(ScriptedCall(name, arguments.strip()))
            case "THEN" if not rest:
                rounds.append([])
            case "SLEEP":
                sleep += _number(rest)
            case "FAIL":
                code, _, message = rest.strip().partition(" ")
                failure = (code or "server_error", message or "The model was told to fail.")
            case "TOKENS":
                tokens = int(_number(rest)) if math.isfinite(_number(rest)) else 0
            case "REQUEST" if not rest:
                wants_request = True
            case _:
                pass
    done = sum(len(one.tool_calls) for one in since if isinstance(one, AssistantMessage))
    outputs = [one.text for one in since if isinstance(one, ToolMessage)]
    return Script(text, rounds, done, outputs, sleep, failure, tokens, wants_request)


def answer(script: Script, request: ModelRequest) -> Iterator[str]:
    """The words of the answer, which together are its text."""
    if script.outputs:
        return _words("TOOL RESULT: " + " | ".join(script.outputs))
    if script.tokens is not None:
        return ("tok " for _ in range(script.tokens))
    if script.wants_request:
        return _words(describe(request))
    return _words("ECHO: " + script.text)


def describe(request: ModelRequest) -> str:
    """What the model was given, as one JSON object."""
    from pydantic_core import to_json

    choice, schema = request.tool_choice, request.response_schema
    return to_json(
        {
            "model": request.model,
            "instructions": request.instructions,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "max_completion_tokens": request.max_completion_tokens,
            "reasoning_effort": request.reasoning_effort,
            "response_schema": None if schema is None else {"name": schema.name, "schema": schema.schema},
            "tool_choice": choice.name if isinstance(choice, NamedTool) else choice,
            "parallel_tool_calls": request.parallel_tool_calls,
            "tools": [tool.name for tool in request.tools],
            "messages": [message.role for message in request.messages],
        }
    ).decode()


def count_words(request: ModelRequest) -> int:
    """Whitespace-separated words of instructions and all messages."""
    return len((request.instructions or "").split()) + sum(_message_words(one) for one in request.messages)


def _message_words(message: ModelMessage) -> int:
    words = len(message.text.split())
    if isinstance(message, AssistantMessage):
        words += sum(len(f"{call.name} {call.arguments}".split()) for call in message.tool_calls)
    return words


def _words(text: str) -> Iterator[str]:
    """Cut a text into words which keep the white space behind them."""
    return (match.group() for match in _WORD.finditer(text)) if text.strip() else iter((text,))


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


@hookimpl
def anyassistant_providers() -> list[Manifest]:
    """The manifest of `echo`."""
    return [Manifest.chat_model("echo", contract="1", config=Config, create=_create)]


def _create(config: Config) -> Echo:
    return Echo()
