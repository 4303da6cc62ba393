"""One turn of a model that is too small to write tool calls: this package decides, the model says how likely."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from anyassistant.protocols import ModelDelta, ModelRequest, NamedTool, ToolCallDelta
from anyassistant.types import ToolSpec, Usage
from pydantic_core import to_json

from .answers import answer_from_results
from .arguments import fill_arguments
from .candidates import find_missing_id, list_id_kinds
from .engine import Engine
from .mapping import chat_body, chat_messages
from .names import kind_of_parameter
from .routing import choose_tool
from .transcript import Transcript, split_conversation, to_one_line

TEMPERATURE = 0.2
"""Where nobody asked for another: what the makers of SmolLM2 recommend."""

MAX_ANSWER_TOKENS = 256
"""Where nobody asked for more: a model this small may repeat itself until its context is full."""

REPEAT_PENALTY = 1.15
"""Against the same, llama.cpp's own remedy."""


async def respond_with_small_model(engine: Engine, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    """A tool call, or an answer from the results of calls, or an answer by the chat template."""
    transcript = split_conversation(request.messages)
    tool = await _choose_next_tool(engine, transcript, request)
    missing = _find_missing_id(transcript, tool, request)
    if tool is not None and missing is None:
        deltas = _call_tool(engine, transcript, tool, request)
    elif request.response_schema is not None:
        deltas = _chat(engine, transcript, request)
    elif missing is not None:
        deltas = _say(engine, ask_for_id(missing), request)
    elif transcript.results:
        deltas = _answer_from_results(engine, transcript, request)
    else:
        deltas = _chat(engine, transcript, request)
    async with aclosing(deltas):
        async for delta in deltas:
            yield delta


def ask_for_id(name: str) -> str:
    """What the user is asked where a call needs an id that nobody has named."""
    kind = kind_of_parameter(name).replace("_", " ")
    return f"Please tell me the id of the {kind}." if kind else "Please tell me the id."


async def count_prompt_tokens(engine: Engine, request: ModelRequest) -> int:
    """The tokens of a request, by the model's own template, and of its tools."""
    prompt = await engine.apply_template(chat_messages(request, with_calls=True))
    tools = "".join(to_json(tool.to_wire()).decode() for tool in request.tools)
    return len(await engine.tokenize(prompt)) + len(await engine.tokenize(tools))


async def _choose_next_tool(engine: Engine, transcript: Transcript, request: ModelRequest) -> ToolSpec | None:
    """One call for what the user said last; then it is answered. What is answered already asks for no other."""
    if request.tool_choice == "none" or (transcript.results and not transcript.is_answered):
        return None
    if isinstance(request.tool_choice, NamedTool):
        return next(tool for tool in request.tools if tool.name == request.tool_choice.name)
    must_call = request.tool_choice == "required"
    if not must_call and (transcript.is_answered or not transcript.question):
        return None
    return await choose_tool(engine, transcript, request.tools, must_call=must_call)


def _find_missing_id(transcript: Transcript, tool: ToolSpec | None, request: ModelRequest) -> str | None:
    """The parameter for whose id the user is asked instead of a call, unless the call is demanded."""
    if tool is None or request.tool_choice != "auto":
        return None
    return find_missing_id(transcript, tool, kinds=list_id_kinds(request.tools))


async def _call_tool(
    engine: Engine, transcript: Transcript, tool: ToolSpec, request: ModelRequest
) -> AsyncGenerator[ModelDelta, None]:
    arguments = await fill_arguments(engine, transcript, tool, kinds=list_id_kinds(request.tools))
    prompt_tokens = await count_prompt_tokens(engine, request)
    written = len(await engine.tokenize(f"{tool.name} {arguments}"))
    budget = request.max_completion_tokens
    if budget is not None and written > budget:
        yield ModelDelta(usage=Usage(prompt_tokens, budget), finish_reason="length")
        return
    yield ModelDelta(tool_call=ToolCallDelta(name=tool.name, arguments=arguments))
    yield ModelDelta(usage=Usage(prompt_tokens, written), finish_reason="tool_calls")


async def _answer_from_results(
    engine: Engine, transcript: Transcript, request: ModelRequest
) -> AsyncGenerator[ModelDelta, None]:
    answer = await answer_from_results(engine, transcript.question, transcript.results)
    async with aclosing(_say(engine, answer, request)) as deltas:
        async for delta in deltas:
            yield delta


async def _say(engine: Engine, answer: str, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    prompt_tokens = await count_prompt_tokens(engine, request)
    pieces: Sequence[str] = await engine.split_into_tokens(answer)
    budget = len(pieces) if request.max_completion_tokens is None else request.max_completion_tokens
    for piece in pieces[:budget]:
        yield ModelDelta(text=piece)
    usage = Usage(prompt_tokens, min(len(pieces), budget))
    yield ModelDelta(usage=usage, finish_reason="stop" if len(pieces) <= budget else "length")


def _chat(engine: Engine, transcript: Transcript, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    data = " ".join(to_one_line(result.text) for result in transcript.results)
    messages = chat_messages(request, with_calls=False, data=data)
    defaults: dict[str, object] = {
        "temperature": TEMPERATURE,
        "max_tokens": MAX_ANSWER_TOKENS,
        "repeat_penalty": 1.0 if request.response_schema else REPEAT_PENALTY,
    }
    return engine.chat(defaults | chat_body(request, messages))
