"""Models that give other deltas than they should."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import replace

from anyassistant.errors import ProviderError
from anyassistant.protocols import ModelDelta, ModelRequest, ToolCallDelta, Usage
from mutant import Change, Deltas, each, said, whole


def has_calls(deltas: Sequence[ModelDelta]) -> bool:
    return any(delta.tool_call for delta in deltas)


def change_calls(deltas: list[ModelDelta], **changes: object) -> list[ModelDelta]:
    return [
        replace(delta, tool_call=replace(delta.tool_call, **changes)) if delta.tool_call else delta  # type: ignore[arg-type]
        for delta in deltas
    ]


def as_pieces(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    """All pieces of all calls under one index."""
    return change_calls(deltas, index=0)


def by_name(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    calls = {delta.tool_call.name: delta for delta in deltas if delta.tool_call}
    return [*calls.values(), *(delta for delta in deltas if not delta.tool_call)]


def first_call(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    calls = [delta for delta in deltas if delta.tool_call]
    return [*calls[:1], *(delta for delta in deltas if not delta.tool_call)]


def offered_calls(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    names = {tool.name for tool in request.tools}
    if not has_calls(deltas):
        return deltas
    kept = [delta for delta in deltas if delta.tool_call is None or delta.tool_call.name in names]
    return kept if has_calls(kept) else [ModelDelta(text="Done.", finish_reason="stop")]


def calls_first_tool(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return change_calls(deltas, name=request.tools[0].name) if request.tools else deltas


def calls_as_text(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    if not has_calls(deltas):
        return deltas
    text = " ".join(f"{delta.tool_call.name}()" for delta in deltas if delta.tool_call)
    return [ModelDelta(text=text), ModelDelta(usage=Usage(1, 1), finish_reason="stop")]


def one_round(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    if has_calls(deltas) and any(one.role == "tool" for one in request.messages):
        return [ModelDelta(text="I have enough."), ModelDelta(usage=Usage(1, 1), finish_reason="stop")]
    return deltas


def rewritten(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return [
        replace(
            delta, tool_call=replace(delta.tool_call, arguments=delta.tool_call.arguments + " " * len(request.messages))
        )
        if delta.tool_call
        else delta
        for delta in deltas
    ]


def wrapped(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return [ModelDelta(text="Sure! "), *deltas] if request.response_schema is not None else deltas


def wrapped_beside_tools(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return wrapped(request, deltas) if request.tools else deltas


def wrapped_at_first(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    if len(request.messages) == 1:
        return wrapped(request, deltas)
    return [ModelDelta(text='{"model": "m"}'), ModelDelta(usage=Usage(1, 1), finish_reason="stop")]


def array(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    if request.response_schema is None:
        return deltas
    return [ModelDelta(text="[]"), ModelDelta(finish_reason="stop")]


def text_of(deltas: Sequence[ModelDelta]) -> str:
    return "".join(delta.text for delta in deltas)


def rest_of(deltas: Sequence[ModelDelta]) -> list[ModelDelta]:
    return [replace(delta, text="") for delta in deltas]


def in_one_piece(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return [ModelDelta(text=text_of(deltas)), *rest_of(deltas)]


def so_far(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return [replace(delta, text=text_of(deltas[: at + 1])) for at, delta in enumerate(deltas)]


def end_first(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
    return [deltas[-1], *deltas[:-1]]


def without_usage(when: str) -> Change:
    def change(request: ModelRequest, deltas: list[ModelDelta]) -> list[ModelDelta]:
        ends = [delta.finish_reason for delta in deltas if delta.finish_reason]
        return [replace(delta, usage=None) for delta in deltas] if when in ("always", *ends) else deltas

    return whole(change)


async def fails_plainly(request: ModelRequest, deltas: Deltas) -> Deltas:
    try:
        async for delta in deltas:
            yield delta
    except ProviderError as error:
        raise RuntimeError(str(error)) from error


async def swallows(request: ModelRequest, deltas: Deltas) -> Deltas:
    try:
        async for delta in deltas:
            yield delta
    except ProviderError as error:
        yield ModelDelta(text=f"Sorry: {error}", finish_reason="stop")


def failing(**changes: object) -> Change:
    async def change(request: ModelRequest, deltas: Deltas) -> Deltas:
        try:
            async for delta in deltas:
                yield delta
        except ProviderError as error:
            vars(error).update(changes)
            raise

    return change


class Unpicklable(ProviderError):
    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, code=code)
        self.response = lambda: None


async def unpicklable(request: ModelRequest, deltas: Deltas) -> Deltas:
    try:
        async for delta in deltas:
            yield delta
    except ProviderError as error:
        raise Unpicklable(str(error), code=error.code) from None


def latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")


def in_arguments(change: Callable[[str], str]) -> Change:
    def changed(delta: ModelDelta) -> ModelDelta:
        call = delta.tool_call
        return delta if call is None else replace(delta, tool_call=replace(call, arguments=change(call.arguments)))

    return each(changed)


MUTANTS = [
    said("deltas: each delta is well formed", "a text is None",
         each(lambda d: replace(d, text=d.text or None))),  # type: ignore[arg-type]
    said("deltas: each delta of a call is well formed", "arguments are an object",
         whole(lambda r, d: change_calls(d, arguments={"city": "Paris"}))),
    said("deltas: an answer has one finish reason", "there are two",
         whole(lambda r, d: [*d, ModelDelta(finish_reason="stop")])),
    said("deltas: an answer has one finish reason", "there is none", each(lambda d: replace(d, finish_reason=None))),
    said("deltas: a call has one finish reason", "stop beside calls",
         each(lambda d: replace(d, finish_reason=d.finish_reason and "stop"))),
    said("deltas: nothing is said after the finish reason", "the end comes first", whole(end_first)),
    said("deltas: an answer says something", "the text is lost", each(lambda d: replace(d, text=""))),
    said("deltas: the pieces are the answer", "one is dropped", whole(lambda r, d: [*d[:2], *d[3:]])),
    said("deltas: the pieces are the answer", "one comes twice", whole(lambda r, d: [*d[:2], d[1], *d[2:]])),
    said("deltas: the pieces are the answer", "two are swapped", whole(lambda r, d: [d[1], d[0], *d[2:]])),
    said("deltas: the pieces are the answer", "each has the text so far", whole(so_far)),
    said("deltas: a refusal is given as one", "it is a text",
         each(lambda d: replace(d, text=d.text + d.refusal, refusal=""))),
    said("tools: a call has its name and arguments", "the repr of a dictionary",
         whole(lambda r, d: change_calls(d, arguments="{'city': 'Paris'}"))),
    said("tools: a call has its name and arguments", "another city",
         whole(lambda r, d: change_calls(d, arguments='{"city": "Rome"}'))),
    said("tools: the tool that is asked for is called", "always the first", whole(calls_first_tool)),
    said("tools: a bound tool is called and the run completes", "a call is told as text", whole(calls_as_text)),
    said("tools: a call of an unknown tool is handed on", "it is dropped", whole(offered_calls)),
    said("tools: calls in several rounds are made in order", "one round is enough", whole(one_round)),
    said("parallel tools: two calls of one turn are told apart", "one index for all", whole(as_pieces)),
    said("parallel tools: one tool is called twice in a turn", "calls are kept by name", whole(by_name)),
    said("parallel tools: the ids of a turn differ", "one id for all",
         whole(lambda r, d: change_calls(d, id="call_0"))),
    said("parallel tools: calls of one turn are one step", "only the first is handed on", whole(first_call)),
    said("structured output: an answer fits its schema", "it is wrapped in a sentence", whole(wrapped)),
    said("structured output: a schema holds beside tools", "it is dropped there", whole(wrapped_beside_tools)),
    said("structured output: a typed answer is an instance at once", "after a complaint", whole(wrapped_at_first)),
    said("structured output: a json object is one", "a list", whole(array)),
    said("streaming: a claimed stream comes in pieces", "the whole is read first", whole(in_one_piece)),
    said("streaming: a claimed stream is not held back", "each piece, when all are there", whole(lambda r, d: d)),
    said("streaming: white space is kept", "pieces are stripped",
         each(lambda d: replace(d, text=d.text.strip() + " " if d.text else ""))),
    said("streaming: the deltas are the stored message", "one comes twice", whole(lambda r, d: [d[0], *d])),
    said("streaming: a run that nobody reads completes", "one is dropped", whole(lambda r, d: d[1:])),
    said("streaming: a reader who leaves does not end the run", "one is dropped", whole(lambda r, d: d[1:])),
    said("usage: the usage of an answer is reported", "it is lost", without_usage("always")),
    said("usage: the usage of a call is reported", "lost with calls", without_usage("tool_calls")),
    said("usage: the usage of a cut answer is reported", "lost at `length`", without_usage("length")),
    said("usage: a longer prompt has more tokens", "always the same",
         each(lambda d: replace(d, usage=d.usage and Usage(7, 7)))),
    said("usage: the usage of a run is the sum", "lost with calls", without_usage("tool_calls")),
    said("limits: each call gets the rest of the budget", "zero for each call",
         each(lambda d: replace(d, usage=d.usage and Usage(7, 0)))),
    said("provider state: a state is json", "bytes",
         each(lambda d: replace(d, provider_state=d.provider_state and b"s"))),
    said("errors: a failure is a provider error", "any exception", fails_plainly),
    said("errors: a failure is a provider error", "it is told as a text", swallows),
    said("errors: a failure keeps its code", "the status instead", failing(code="429")),
    said("errors: a failure has fields of their types", "the header's text", failing(retry_after="2")),
    said("errors: a failure says when to try again", "the headers are lost", failing(retry_after=None)),
    said("errors: a failure can be pickled", "it has a response in it", unpicklable),
    said("errors: a failure ends the run with its code", "another", failing(code="server_error")),
    said("sync = async: a failure is the same", "any exception", fails_plainly),
    said("run lifecycle: an answered run completes", "no finish reason",
         each(lambda d: replace(d, finish_reason=None))),
    said("run lifecycle: a run whose model fails is failed", "it is told as a text", swallows),
    said("run lifecycle: a run with bound tools stays in progress", "an unknown tool, without end",
         whole(lambda r, d: [*d[:-1], ModelDelta(finish_reason="content_filter")])),
    said("run lifecycle: a run rests for its caller and goes on", "a call is told as text", whole(calls_as_text)),
    said("steps: an answer is one step", "an empty call beside it",
         whole(lambda r, d: [ModelDelta(tool_call=ToolCallDelta("", "")), *d])),
    said("steps: calls are a step before the answer", "a call is told as text", whole(calls_as_text)),
    said("messages: an answer is stored as it was said", "one is dropped", whole(lambda r, d: d[1:])),
    said("messages: an answer is one message", "no answer", each(lambda d: replace(d, text=""))),
    said("limits: a cut answer ends with length", "it is taken for whole",
         each(lambda d: replace(d, finish_reason=d.finish_reason and "stop"))),
    said("limits: a run out of tokens is incomplete", "it is taken for whole",
         each(lambda d: replace(d, finish_reason=d.finish_reason and "stop"))),
    said("limits: a run ends after its turns", "one round is enough", whole(one_round)),
    said("limits: a run ends at a repeated call", "arguments are rewritten", whole(rewritten)),
    said("thread lock: a failed run frees its thread", "it is told as a text", swallows),
    said("history validity: a thread goes on after a failure", "one is dropped", whole(lambda r, d: d[1:])),
    said("Unicode and large content: every script comes through", "Latin-1",
         each(lambda d: replace(d, text=latin(d.text)))),
    said("Unicode and large content: markup comes through as text", "it is escaped",
         each(lambda d: replace(d, text=html.escape(d.text)))),
    said("Unicode and large content: every script comes through in arguments", "Latin-1",
         in_arguments(latin)),
    said("Unicode and large content: a long answer is whole", "1,000 pieces are enough",
         whole(lambda r, d: [*d[:1000], d[-1]])),
    said("Unicode and large content: long arguments are whole", "4,096 characters are enough",
         in_arguments(lambda text: text[:4096])),
]  # fmt: skip
