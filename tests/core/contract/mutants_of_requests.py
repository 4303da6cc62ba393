"""Models that get another request than the one that was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from anyassistant.errors import ProviderError
from anyassistant.protocols import AssistantMessage, ModelRequest, NamedTool, ResponseSchema, ToolMessage, UserMessage
from anyassistant.types import Image, Text, ToolCall, ToolSpec
from mutant import asked
from reference_model import STATE, last_text


def only_last(request: ModelRequest) -> ModelRequest:
    return replace(request, messages=request.messages[-1:])


def first_parts(request: ModelRequest) -> ModelRequest:
    messages = [
        replace(one, content=one.content[:1]) if isinstance(one, UserMessage) else one for one in request.messages
    ]
    return replace(request, messages=messages)


def without_app(request: ModelRequest) -> ModelRequest:
    return replace(
        request, messages=[one for one in request.messages if not isinstance(one, AssistantMessage) or one.tool_calls]
    )


def appended(request: ModelRequest) -> ModelRequest:
    assert isinstance(request.messages, list)
    request.messages.append(AssistantMessage("Sure:"))
    return request


def refuse(code: str, condition: bool, request: ModelRequest) -> ModelRequest:
    if condition:
        raise ProviderError("The service does not take that.", code=code)
    return request


def blind(request: ModelRequest) -> ModelRequest:
    if any(isinstance(part, Image) for one in request.messages if isinstance(one, UserMessage) for part in one.content):
        raise TypeError("an image is no text")
    return request


def named_lost(request: ModelRequest) -> ModelRequest:
    if not isinstance(request.tool_choice, NamedTool):
        return request
    return replace(request, messages=[UserMessage([Text('CALL get_weather {"city": "Paris"}')])])


def forgets_outputs(request: ModelRequest) -> ModelRequest:
    kept = [one for one in request.messages if isinstance(one, UserMessage)]
    return replace(request, messages=kept)


def turned_outputs(request: ModelRequest) -> ModelRequest:
    outputs = [one for one in request.messages if isinstance(one, ToolMessage)]
    rest = [one for one in request.messages if not isinstance(one, ToolMessage)]
    return replace(request, messages=[*rest, *reversed(outputs)])


def raises_errors(request: ModelRequest) -> ModelRequest:
    if any(isinstance(one, ToolMessage) and one.is_error for one in request.messages):
        raise RuntimeError("the tool failed")
    return request


def parses_arguments(request: ModelRequest) -> ModelRequest:
    for one in request.messages:
        if isinstance(one, AssistantMessage):
            [json.loads(call.arguments) for call in one.tool_calls]
    return request


def drops_empty_outputs(request: ModelRequest) -> ModelRequest:
    kept = [one for one in request.messages if not isinstance(one, ToolMessage) or one.text]
    return checked(replace(request, messages=kept))


def checked(request: ModelRequest) -> ModelRequest:
    """A service that counts calls and outputs."""
    calls = sum(len(one.tool_calls) for one in request.messages if isinstance(one, AssistantMessage))
    outputs = sum(isinstance(one, ToolMessage) for one in request.messages)
    return refuse("invalid_request", calls != outputs, request)


def one_output_a_turn(request: ModelRequest) -> ModelRequest:
    kept = [
        one
        for at, one in enumerate(request.messages)
        if not isinstance(one, ToolMessage) or not isinstance(request.messages[at - 1], ToolMessage)
    ]
    return checked(replace(request, messages=kept))


def looks_up_names(request: ModelRequest) -> ModelRequest:
    tools = {tool.name: tool for tool in request.tools}
    for one in request.messages:
        if isinstance(one, AssistantMessage):
            [tools[call.name] for call in one.tool_calls]
    return request


def in_a_row(role: str, request: ModelRequest) -> ModelRequest:
    roles = [one.role for one in request.messages]
    return refuse("invalid_request", any(roles[at : at + 2] == [role, role] for at in range(len(roles))), request)


def wants_state(request: ModelRequest) -> ModelRequest:
    is_bare = any(isinstance(one, AssistantMessage) and one.provider_state is None for one in request.messages)
    return refuse("invalid_state", is_bare, request)


def chokes_on_state(request: ModelRequest) -> ModelRequest:
    return refuse("x", any(getattr(one, "provider_state", None) == STATE for one in request.messages), request)


def one_turn_instructions(request: ModelRequest) -> ModelRequest:
    return replace(request, instructions=request.instructions if len(request.messages) == 1 else None)


def answered_only(request: ModelRequest) -> ModelRequest:
    return replace(request, messages=request.messages[-1:]) if len(request.messages) == 3 else request


def each_turn(change: Callable[[AssistantMessage], AssistantMessage], request: ModelRequest) -> ModelRequest:
    messages = [change(one) if isinstance(one, AssistantMessage) else one for one in request.messages]
    return replace(request, messages=messages)


def each_call(change: Callable[[ToolCall], ToolCall], request: ModelRequest) -> ModelRequest:
    return each_turn(lambda turn: replace(turn, tool_calls=[change(call) for call in turn.tool_calls]), request)


def short_outputs(request: ModelRequest) -> ModelRequest:
    messages = [
        replace(one, text=one.text[:4_000]) if isinstance(one, ToolMessage) else one for one in request.messages
    ]
    return replace(request, messages=messages)


def each_tool(change: Callable[[ToolSpec], ToolSpec], request: ModelRequest) -> ModelRequest:
    return replace(request, tools=[change(tool) for tool in request.tools])


SCHEMA = ResponseSchema("answer", {"type": "object"})

MUTANTS = [
    asked("model requests: a temperature of 0 arrives", "0 is taken for absent",
          lambda r: replace(r, temperature=r.temperature or None)),
    asked("model requests: a temperature that nobody set is not sent", "a default of its own",
          lambda r: replace(r, temperature=1.0 if r.temperature is None else r.temperature)),
    asked("model requests: the temperature is that of the request", "a temperature of the config",
          lambda r: replace(r, temperature=0.25)),
    asked("model requests: top p arrives", "top_p is forgotten", lambda r: replace(r, top_p=None)),
    asked("model requests: max completion tokens arrive", "no bound is sent",
          lambda r: replace(r, max_completion_tokens=None)),
    asked("model requests: a bound that nobody set is not sent", "a bound of its own",
          lambda r: replace(r, max_completion_tokens=r.max_completion_tokens or 1024)),
    asked("model requests: the reasoning effort arrives", "it is dropped",
          lambda r: replace(r, reasoning_effort=None)),
    asked("model requests: the model is that of the request", "the config's model",
          lambda r: replace(r, model="reference-0")),
    asked("model requests: the instructions arrive", "they are ignored", lambda r: replace(r, instructions=None)),
    asked("model requests: without instructions none are sent", "an empty text",
          lambda r: replace(r, instructions=r.instructions or "")),
    asked("model requests: the tools arrive in order", "sorted by name",
          lambda r: replace(r, tools=sorted(r.tools, key=lambda tool: tool.name))),
    asked("model requests: each tool choice arrives", "always auto", lambda r: replace(r, tool_choice="auto")),
    asked("model requests: that calls may not be parallel arrives", "always parallel",
          lambda r: replace(r, parallel_tool_calls=True)),
    asked("model requests: the response schema arrives", "the name alone",
          lambda r: replace(r, response_schema=r.response_schema and SCHEMA)),
    asked("model requests: the whole history arrives", "the last message alone", only_last),
    asked("model requests: what was said arrives to the letter", "the assistant's text is sent empty",
          lambda r: each_turn(lambda turn: replace(turn, text=""), r)),
    asked("model requests: what was said beside calls arrives", "a turn with calls has no content",
          lambda r: each_turn(lambda turn: replace(turn, text="" if turn.tool_calls else turn.text), r)),
    asked("model requests: past calls arrive as they were made", "no arguments",
          lambda r: each_call(lambda call: replace(call, arguments="{}"), r)),
    asked("model requests: past calls arrive as they were made", "another tool",
          lambda r: each_call(lambda call: replace(call, name="get_weather"), r)),
    asked("model requests: past calls arrive as they were made", "ids of its own",
          lambda r: each_call(lambda call: replace(call, id=f"own_{call.id}"), r)),
    asked("model requests: outputs arrive whole", "4,000 characters of them", short_outputs),
    asked("model requests: tools arrive with description and schema", "any object is taken",
          lambda r: each_tool(lambda tool: replace(tool, parameters={"type": "object"}), r)),
    asked("model requests: tools arrive with description and schema", "no description",
          lambda r: each_tool(lambda tool: replace(tool, description=""), r)),
    asked("model requests: instructions arrive to the letter", "words of its own",
          lambda r: replace(r, instructions=f"You are helpful. {r.instructions}")),
    asked("deltas: the request stays as it was", "messages are appended", appended),
    asked("capabilities: claimed images are taken", "bytes are thought to be text", blind),
    asked("tools: with the choice none no tool is called", "the choice is ignored",
          lambda r: replace(r, tool_choice="auto")),
    asked("tools: with the choice required a tool is called", "taken for none",
          lambda r: replace(r, tool_choice="none" if r.tool_choice == "required" else r.tool_choice)),
    asked("tools: a tool that is named is called", "the name is lost", named_lost),
    asked("tools: an output leads to an answer", "outputs are not sent", forgets_outputs),
    asked("tools: a tool that fails is told to the model", "the error is raised", raises_errors),
    asked("tools: any schema of a tool is taken", "no definitions",
          lambda r: refuse("invalid_schema", any("$defs" in tool.parameters for tool in r.tools), r)),
    asked("tools: a tool without parameters is taken", "a function needs some",
          lambda r: refuse("invalid_schema", any(not tool.parameters["properties"] for tool in r.tools), r)),
    asked("tools: many tools are taken", "20 are enough", lambda r: replace(r, tools=r.tools[:20])),
    asked("parallel tools: calls that may not be parallel come one by one", "always parallel",
          lambda r: replace(r, parallel_tool_calls=True)),
    asked("parallel tools: all outputs reach the model in order", "the newest first", turned_outputs),
    asked("provider state: a state is taken back", "it cannot be read", chokes_on_state),
    asked("provider state: a turn without state is taken too", "each turn needs one", wants_state),
    asked("resume: a thread of another provider goes on", "each turn needs a state", wants_state),
    asked("assistants: an assistants instructions reach each run", "sent with the first turn", one_turn_instructions),
    asked("assistants: an assistants temperature of 0 reaches the model", "0 is taken for absent",
          lambda r: replace(r, temperature=r.temperature or None)),
    asked("threads: a thread goes on", "the last message alone", only_last),
    asked("threads: a thread is run again without a message", "the user has to speak last",
          lambda r: refuse("invalid_request", bool(r.messages) and r.messages[-1].role == "assistant", r)),
    asked("threads: an empty thread is no crash", "there is always a message",
          lambda r: replace(r, messages=[*r.messages[:-1], r.messages[-1]])),
    asked("threads: a thread begins with its messages", "unanswered ones are left out", answered_only),
    asked("messages: all parts of a message are sent", "the first part alone", first_parts),
    asked("messages: an assistants message of the app is sent", "own turns alone", without_app),
    asked("messages: additional messages are sent", "the last message alone", only_last),
    asked("messages: only the last messages are sent where asked", "one more from its own memory",
          lambda r: replace(r, messages=[UserMessage([Text("Before.")]), *r.messages])),
    asked("history validity: a history with calls is taken", "turns without text are left out",
          lambda r: checked(replace(r, messages=[one for one in r.messages if one.text]))),
    asked("history validity: arguments that are no json are taken", "they are parsed", parses_arguments),
    asked("history validity: an output that is an error is taken", "it is raised", raises_errors),
    asked("history validity: an empty output is taken", "it is left out", drops_empty_outputs),
    asked("history validity: calls of tools that are gone are taken", "names are looked up", looks_up_names),
    asked("history validity: several calls of a turn are taken", "one output a turn", one_output_a_turn),
    asked("history validity: two messages of the user in a row are taken", "roles take turns",
          lambda r: in_a_row("user", r)),
    asked("history validity: two messages of the assistant in a row are taken", "roles take turns",
          lambda r: in_a_row("assistant", r)),
    asked("history validity: a history that begins with the assistant is taken", "the user begins",
          lambda r: refuse("invalid_request", r.messages[0].role != "user", r)),
    asked("history validity: an empty turn is taken", "each message has content",
          lambda r: refuse("invalid_request", any(not one.text for one in r.messages), r)),
    asked("history validity: a thread goes on after a cancelled call", "outputs that are errors are raised",
          raises_errors),
    asked("metadata: metadata are not said to the model", "they are: the run's id finds them",
          lambda r: replace(r, instructions="mark: zanzibar")),
    asked("Unicode and large content: every script comes through in instructions", "Latin-1",
          lambda r: replace(r, instructions=(r.instructions or "").encode("latin-1", "replace").decode("latin-1"))),
    asked("Unicode and large content: a large message is answered or fails with a code", "server_error",
          lambda r: refuse("server_error", len(last_text(r)) > 100_000, r)),
    asked("Unicode and large content: a long history is answered", "no more than 100 messages",
          lambda r: refuse("invalid_request", len(r.messages) > 100, r)),
]  # fmt: skip
