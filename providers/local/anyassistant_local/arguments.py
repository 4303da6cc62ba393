"""The arguments of a call: values that occur in the conversation, chosen by type, by place and by likelihood.

Written freely under a grammar, a model this small copies its demonstrations or invents. So a value is looked for where
people say it: numbers, ids, times and paths among what has their shape, values of an enumeration and booleans among
what the schema allows, any other text among the spans of the user's message. The model only says which is likeliest.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing

from anyassistant.types import ToolSpec
from pydantic_core import to_json

from .candidates import find_candidates, resolve_schema
from .engine import Engine
from .json_values import as_array, as_object
from .names import is_id_parameter
from .scoring import NEVER, force, score
from .transcript import Transcript

MAX_SPAN_TOKENS = 24
"""An argument that is a run of words is not longer."""

CLOSING_ALTERNATIVES = 40
"""Among so many of the likeliest tokens a closing quote is looked for."""

CLOSING_FLOOR = -12.0
"""The log-probability of a closing quote that is not among them, in nats."""


async def fill_arguments(engine: Engine, transcript: Transcript, tool: ToolSpec, *, kinds: Collection[str]) -> str:
    """The arguments of a call as JSON text. Parameters that are not required are left to their defaults.

    Args:
        kinds: What the ids of this tool set are ids of (`candidates.list_id_kinds`).

    Raises:
        ProviderError: As for every call of an `Engine`.
    """
    properties = as_object(tool.parameters.get("properties"))
    required = as_array(tool.parameters.get("required"))
    names = [name for name in properties if name in required]
    arguments: dict[str, object] = {}
    for name in names:
        schema = resolve_schema(as_object(properties[name]), tool.parameters)
        opening = _open_call(transcript, tool, arguments, name)
        values = find_candidates(transcript, name, schema, kinds=kinds, taken=arguments.values())
        if not values and is_id_parameter(name):  # rather the same id twice than one that nobody has named
            values = find_candidates(transcript, name, schema, kinds=kinds)
        if values:
            arguments[name] = await _choose_likeliest(engine, opening, values)
        elif schema.get("type") == "string" and transcript.question and not is_id_parameter(name):
            arguments[name] = await _choose_likeliest_span(engine, opening, transcript.question)
        else:
            arguments[name] = await _write_value(engine, opening, schema)
    return to_json(arguments).decode()


async def _choose_likeliest(engine: Engine, opening: str, values: Sequence[object]) -> object:
    best, chosen = NEVER, values[0]
    if len(values) == 1:
        return chosen
    for value in values:
        text = json.dumps(value, ensure_ascii=False)
        quote = '"' if text.startswith('"') else ""
        tokens = await engine.tokenize(text.removeprefix(quote))
        likelihood = await score(engine, f"{opening} {quote}", tokens, floor=best)
        if likelihood > best:
            best, chosen = likelihood, value
    return chosen


async def _choose_likeliest_span(engine: Engine, opening: str, text: str) -> str:
    """The run of words that the model would most likely put between the quotes."""
    words = text.split()
    best, chosen = NEVER, text
    for start in range(len(words)):
        rest = " ".join(words[start:])
        tokens = (await engine.tokenize(rest))[:MAX_SPAN_TOKENS]
        total, span = 0.0, ""
        forced = force(engine, opening + ' "', tokens, alternatives=CLOSING_ALTERNATIVES)
        try:
            async for token in forced:
                is_word_end = token.text[:1] in " .,;:!?" and span.strip()
                if is_word_end and (likelihood := total + _closing(token.alternatives)) > best:
                    best, chosen = likelihood, span
                total += token.logprob
                span += token.text
                if total < best:
                    break
            else:
                if total + CLOSING_FLOOR / 4 > best:
                    best, chosen = total + CLOSING_FLOOR / 4, span
        finally:
            await forced.aclose()
    return chosen.strip().rstrip(".,;:!?").strip('"')


def _closing(alternatives: Sequence[tuple[str, float]]) -> float:
    return max((logprob for text, logprob in alternatives if text.startswith('"')), default=CLOSING_FLOOR)


async def _write_value(engine: Engine, opening: str, schema: Mapping[str, object]) -> object:
    """A value that occurs nowhere: written by the model, in the shape that the schema asks for."""
    body = {"prompt": opening + " ", "n_predict": 64, "temperature": 0, "json_schema": schema}
    async with aclosing(engine.complete(body)) as events:
        text = "".join([str(event.get("content", "")) async for event in events])
    try:
        value: object = json.loads(text)
    except ValueError:  # cut off: the tool's own validation says what is missing
        return text
    return value


def _open_call(transcript: Transcript, tool: ToolSpec, known: Mapping[str, object], name: str) -> str:
    before = json.dumps(known, ensure_ascii=False)[1:-1]
    return (
        f"{transcript.earlier_lines(with_results=True)}User: {transcript.question}\n"
        f'Call: {tool.name} {{{before}{", " if before else ""}"{name}":'
    )
