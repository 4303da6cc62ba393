"""What in a conversation could be the value of a parameter: pure functions from texts and a schema."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from anyassistant.types import ToolSpec

from .ids import find_ids, list_examples
from .json_values import as_array, as_object
from .names import is_id_parameter, kind_of_parameter, split_name
from .transcript import Transcript

Shape: TypeAlias = Literal["id", "time", "path", "address"]

_SHAPES: Mapping[Shape, str] = {
    "time": r"\b\d{1,2}(?::\d{2}){1,2}(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\b",
    "path": r"[\w~.-]*[/\\][\w./\\~-]*[\w/\\]|\b[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,4}\b",
    "address": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
}
_LAST_WORDS: Mapping[str, Shape] = {
    **dict.fromkeys(("id", "ids", "number", "code", "no", "key", "sku"), "id"),
    **dict.fromkeys(("time", "hour"), "time"),
    **dict.fromkeys(("path", "file", "filename", "directory", "dir", "folder"), "path"),
    **dict.fromkeys(("email", "mail"), "address"),
}
_NUMBER = r"(?<![\w.-])-?\d+(?:[.,]\d+)?(?![\w-])"
_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def find_candidates(
    transcript: Transcript,
    name: str,
    schema: Mapping[str, object],
    *,
    kinds: Iterable[str] = (),
    taken: Iterable[object] = (),
) -> Sequence[object]:
    """What could be meant by a parameter; empty where its type says nothing about that, or nothing has its type.

    Args:
        name: The parameter.
        schema: Its JSON Schema, resolved.
        kinds: What ids can be ids of (`list_id_kinds`).
        taken: Values that other parameters of the call have been given already.
    """
    if "const" in schema:
        return [schema["const"]]
    enumeration = as_array(schema.get("enum"))
    if enumeration:
        return _named_values(enumeration, transcript.question) or enumeration
    found: Sequence[object] = ()
    match schema.get("type"):
        case "boolean":
            return [True, False]
        case "integer" if is_id_parameter(name):
            ids = find_ids(transcript, name, kinds=kinds, examples=list_examples(schema))
            found = [int(value) for value in ids if value.isdecimal()]
        case "integer":
            found = [int(number) for number in _find_numbers(transcript) if number == int(number)]
        case "number":
            found = _find_numbers(transcript)
        case "string":
            shape = shape_of_parameter(name, schema)
            if shape == "id":
                found = find_ids(transcript, name, kinds=kinds, examples=list_examples(schema))
            elif shape is not None:
                found = _find_shaped(transcript, shape)
        case _:
            pass
    used = list(taken)
    return [value for value in found if value not in used]


def find_missing_id(transcript: Transcript, tool: ToolSpec, *, kinds: Iterable[str]) -> str | None:
    """The first parameter for which a call needs an id that the conversation does not have; None where it has all."""
    properties = as_object(tool.parameters.get("properties"))
    taken: list[object] = []
    for name in filter(is_id_parameter, _required(tool)):
        schema = resolve_schema(as_object(properties.get(name)), tool.parameters)
        if schema.get("type", "string") in ("string", "integer"):
            values = find_candidates(transcript, name, {"type": "string", **schema}, kinds=kinds, taken=taken)
        else:
            values = find_ids(transcript, name, kinds=kinds)
        if not values:
            return name
        taken += values[:1] if len(values) == 1 else []
    return None


def uses_what_was_said(transcript: Transcript, tool: ToolSpec, *, kinds: Iterable[str]) -> bool:
    """Whether the user's last message holds an id, a path or an address for a required parameter of a tool."""
    said = Transcript(earlier=(), question=transcript.question, answers=())
    properties = as_object(tool.parameters.get("properties"))
    schemas = {name: resolve_schema(as_object(properties.get(name)), tool.parameters) for name in _required(tool)}
    return any(
        find_candidates(said, name, schema, kinds=kinds)
        for name, schema in schemas.items()
        if shape_of_parameter(name, schema) in ("id", "path", "address")
    )


def list_id_kinds(tools: Iterable[ToolSpec]) -> set[str]:
    """What the ids that tools take are ids of: `item` and `order` for tools that take `item_id` and `order_id`."""
    names = [name for tool in tools for name in as_object(tool.parameters.get("properties"))]
    return {kind_of_parameter(name) for name in names if is_id_parameter(name)}


def resolve_schema(schema: Mapping[str, object], root: Mapping[str, object]) -> Mapping[str, object]:
    """A schema behind a local `$ref`, and the one that is not `null` of a choice."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return resolve_schema(as_object(as_object(root.get("$defs")).get(reference.removeprefix("#/$defs/"))), root)
    for choice in map(as_object, as_array(schema.get("anyOf"))):
        if choice.get("type") != "null":
            return resolve_schema(choice, root)
    return schema


def shape_of_parameter(name: str, schema: Mapping[str, object]) -> Shape | None:
    """How the values of a text parameter look, by its format or name; None where they may be any words."""
    match schema.get("format"):
        case "email":
            return "address"
        case "time" | "date" | "date-time":
            return "time"
        case _:
            return _LAST_WORDS.get(split_name(name)[-1])


def _find_shaped(transcript: Transcript, shape: Shape) -> list[str]:
    for text in _texts_latest_first(transcript):
        found = [match.group().rstrip(".,") for match in re.finditer(_SHAPES[shape], text)]
        if found:
            return list(dict.fromkeys(found))
    return []


def _find_numbers(transcript: Transcript) -> list[float]:
    for text in _texts_latest_first(transcript):
        found = [float(match.group().replace(",", ".")) for match in re.finditer(_NUMBER, text)]
        words = re.findall(r"[a-z]+", text.lower())
        found += [_NUMBER_WORDS.index(word) + 1.0 for word in words if word in _NUMBER_WORDS]
        if found:
            return list(dict.fromkeys(found))
    return []


def _texts_latest_first(transcript: Transcript) -> list[str]:
    return [transcript.question, *(message.text for message in transcript.around_question())]


def _named_values(values: Sequence[object], text: str) -> list[object]:
    return [value for value in values if re.search(rf"\b{re.escape(str(value).lower())}\b", text.lower())]


def _required(tool: ToolSpec) -> list[str]:
    return [str(name) for name in as_array(tool.parameters.get("required"))]
