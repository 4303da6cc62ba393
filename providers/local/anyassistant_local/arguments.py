"""The arguments of a call: values that occur in the conversation, chosen by type, by place and by likelihood.

Written freely under a grammar, a model this small copies its demonstrations or invents. So a value is looked for where
people say it: numbers, ids, times and paths among what has their shape, values of an enumeration and booleans among
what the schema allows, any other text among the spans of the user's message. The model only says which is likeliest.
"""

import json
from collections.abc import Mapping, Sequence

from anyassistant.types import ToolSpec
from pydantic_core import to_json

from .candidates import Candidates, find_candidates
from .engine import Engine
from .scoring import NEVER, force, score
from .transcript import Transcript

MAX_SPAN_TOKENS = 24
CLOSING_ALTERNATIVES = 40
CLOSING_FLOOR = -12.0
"""The log-probability of a closing quote that is not among the likeliest tokens."""


async def fill_arguments(engine: Engine, transcript: Transcript, tool: ToolSpec) -> str:
    """The arguments of a call as JSON text. Parameters that are not required are left to their defaults."""
    properties = _mapping(tool.parameters.get("properties"))
    required = tool.parameters.get("required")
    names = [name for name in properties if isinstance(required, list) and name in required]
    arguments: dict[str, object] = {}
    for name in names:
        schema = resolve_schema(_mapping(properties[name]), tool.parameters)
        arguments[name] = await _choose_value(engine, transcript, tool, arguments, name, schema)
    return to_json(arguments).decode()


def resolve_schema(schema: Mapping[str, object], root: Mapping[str, object]) -> Mapping[str, object]:
    """A schema behind a local `$ref`, and the one that is not `null` of a choice."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return resolve_schema(_mapping(_mapping(root.get("$defs")).get(reference.removeprefix("#/$defs/"))), root)
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        for choice in map(_mapping, choices):
            if choice.get("type") != "null":
                return resolve_schema(choice, root)
    return schema


async def _choose_value(
    engine: Engine,
    transcript: Transcript,
    tool: ToolSpec,
    known: Mapping[str, object],
    name: str,
    schema: Mapping[str, object],
) -> object:
    opening = _open_call(transcript, tool, known, name)
    candidates = find_candidates(transcript, name, schema, taken=known.values())
    if candidates.values:
        return await _likeliest(engine, opening, candidates)
    if schema.get("type") == "string" and transcript.question:
        return await _likeliest_span(engine, opening, transcript.question)
    return await _write_value(engine, opening, schema)


async def _likeliest(engine: Engine, opening: str, candidates: Candidates) -> object:
    best, chosen = NEVER, candidates.values[0]
    if len(candidates.values) == 1:
        return chosen
    for value in candidates.values:
        text = json.dumps(value, ensure_ascii=False)
        prefix = '"' if text.startswith('"') else ""
        tokens = await engine.tokenize(text.removeprefix('"'))
        likelihood = await score(engine, opening + " " + prefix, tokens, floor=best)
        if likelihood > best:
            best, chosen = likelihood, value
    return chosen


async def _likeliest_span(engine: Engine, opening: str, text: str) -> str:
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
    text = "".join([str(event.get("content", "")) async for event in engine.complete(body)])
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


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
