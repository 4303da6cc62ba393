"""What in a conversation could be the value of a parameter: pure functions from texts and a schema."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from anyassistant.protocols import ToolMessage

from .transcript import Transcript, to_one_line

Shape: TypeAlias = Literal["id", "time", "path", "address"]

_SHAPES: Mapping[Shape, str] = {
    "id": r"(?<![\w/.-])(?=[\w-]*\d)[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*(?![\w])",
    "time": r"\b\d{1,2}(?::\d{2}){1,2}(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\b",
    "path": r"[\w~.-]*[/\\][\w./\\~-]*[\w/\\]|\b[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,4}\b",
    "address": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
}
_NUMBER = r"(?<![\w.-])-?\d+(?:[.,]\d+)?(?![\w-])"
_NUMBER_WORDS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905  # easier to read
        range(1, 13),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The possible values of one parameter, most plausible first; none where its type says nothing about them."""

    values: Sequence[object] = ()


def find_candidates(
    transcript: Transcript, name: str, schema: Mapping[str, object], *, taken: Iterable[object] = ()
) -> Candidates:
    """What could be meant by a parameter.

    Args:
        name: The parameter.
        schema: Its JSON Schema, resolved.
        taken: Values that other parameters of the call have been given already.
    """
    if "const" in schema:
        return Candidates([schema["const"]])
    enumeration = schema.get("enum")
    if isinstance(enumeration, list):
        return Candidates(_named_values(enumeration, transcript.question) or enumeration)
    match schema.get("type"):
        case "boolean":
            return Candidates([True, False])
        case "integer":
            return Candidates([int(number) for number in _find_numbers(transcript, taken) if number == int(number)])
        case "number":
            return Candidates(_find_numbers(transcript, taken))
        case "string":
            shape = shape_of_parameter(name, schema)
            return Candidates(_find_shaped(transcript, name, shape, taken) if shape else ())
        case _:
            return Candidates()


def shape_of_parameter(name: str, schema: Mapping[str, object]) -> Shape | None:
    """How the values of a text parameter look, by its name; None where they may be any words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
    if schema.get("format") == "email" or words[-1] in ("email", "mail"):
        return "address"
    if words[-1] in ("id", "ids", "number", "code", "no", "key", "sku"):
        return "id"
    if schema.get("format") in ("time", "date", "date-time") or words[-1] in ("time", "hour"):
        return "time"
    if words[-1] in ("path", "file", "filename", "directory", "dir", "folder"):
        return "path"
    return None


def find_text_values(text: str, shape: Shape) -> list[str]:
    """The parts of a text that have a shape, in their order, each once."""
    found = [match.group().rstrip(".,") for match in re.finditer(_SHAPES[shape], text)]
    return list(dict.fromkeys(found))


def find_keyed_values(result: str, name: str) -> list[tuple[str, str]]:
    """The texts that stand in a JSON result under a parameter's name, or under `id`, with the record they stand in."""
    try:
        content = json.loads(result)
    except ValueError:
        return []
    found: dict[str, list[tuple[str, str]]] = {name: [], "id": []}
    for record in _walk(content):
        for key, entries in found.items():
            value = record.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool):
                entries.append((str(value), json.dumps(record, ensure_ascii=False)))
    return found[name] or (found["id"] if name.endswith("id") else [])


def _find_shaped(transcript: Transcript, name: str, shape: Shape, taken: Iterable[object]) -> list[str]:
    """In what the user just said; else, for an id, in results under its key; else anywhere, latest first."""
    said = _without(find_text_values(transcript.question, shape), taken)
    if said:
        return said
    results = [m for m in (*transcript.answers, *reversed(transcript.earlier)) if isinstance(m, ToolMessage)]
    if shape == "id":
        for result in results:
            keyed = find_keyed_values(result.text, name)
            if keyed:
                return _best_described(keyed, transcript)
    for message in reversed(transcript.earlier):
        values = _without(find_text_values(to_one_line(message.text), shape), taken)
        if values:
            return values
    return []


def _best_described(keyed: Sequence[tuple[str, str]], transcript: Transcript) -> list[str]:
    """The values whose records share most words with what was said, the latest words first."""
    texts = [transcript.question, *(m.text for m in reversed(transcript.earlier) if not isinstance(m, ToolMessage))]
    remaining = list(keyed)
    for text in texts:
        words = _words(text)
        overlaps = [len(words & _words(record)) for _, record in remaining]
        remaining = [entry for entry, overlap in zip(remaining, overlaps, strict=True) if overlap == max(overlaps)]
    return list(dict.fromkeys(value for value, _ in remaining))


def _find_numbers(transcript: Transcript, taken: Iterable[object]) -> list[float]:
    for text in (transcript.question, *(m.text for m in reversed(transcript.earlier))):
        found = [float(match.group().replace(",", ".")) for match in re.finditer(_NUMBER, text)]
        found += [float(_NUMBER_WORDS[word]) for word in text.lower().split() if word in _NUMBER_WORDS]
        numbers = [number for number in dict.fromkeys(found) if number not in list(taken)]
        if numbers:
            return numbers
    return []


def _named_values(values: Sequence[object], text: str) -> list[object]:
    return [value for value in values if re.search(rf"\b{re.escape(str(value).lower())}\b", text.lower())]


def _without(values: Sequence[str], taken: Iterable[object]) -> list[str]:
    return [value for value in values if value not in list(taken)]


def _walk(content: object) -> Iterable[Mapping[str, object]]:
    if isinstance(content, dict):
        yield content
    for child in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from _walk(child)


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]{3,}", text.lower())}
