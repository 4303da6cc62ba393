"""OpenAI's strict mode for functions.

Source: OpenAI, "Structured model outputs", section "Supported schemas" (2026): all properties required and
`additionalProperties: false`, no `oneOf`, `allOf`, `not`, `if`, no open dicts and no tuples; of the limits, those of
numbers and of the lengths of lists, `pattern` and nine formats; `$ref` and recursion are allowed. Fine-tuned models
take fewer limits than that.
"""

import re
from collections.abc import Iterator, Mapping

from anyassistant_tools.lowering.dialect import Dialect
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.rewriting import rewrite
from anyassistant_tools.lowering.shapes import Document
from anyassistant_tools.lowering.writing import SchemaWriter, named_subschemas
from anyassistant_tools.narrowing import is_json_array, is_json_object

MAX_PROPERTIES = 5_000
MAX_DEPTH = 10
MAX_ENUM_VALUES = 1_000
MAX_NAME_CHARACTERS = 120_000
LARGE_ENUM = 250
MAX_LARGE_ENUM_CHARACTERS = 15_000

_NUMBER = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_UNSUPPORTED_REGEX = re.compile(r"\(\?[=!<]|\\[1-9bBk]")
"""Look-around, back references and word boundaries."""

OPENAI_STRICT = Dialect(
    provider="OpenAI's strict mode",
    limits={
        "string": frozenset({"pattern", "format"}),
        "integer": _NUMBER,
        "number": _NUMBER,
        "array": frozenset({"minItems", "maxItems"}),
    },
    formats=frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}),
    takes_pattern=lambda pattern: _UNSUPPORTED_REGEX.search(pattern) is None,
    constants="scalars",
    requires_all=True,
)


def lower_for_openai(document: Document, report: Report) -> tuple[dict[str, object], Conversion]:
    """Give the schema for a function with `strict: true`, and the conversion of its arguments."""
    lowered, conversion = rewrite(document, OPENAI_STRICT, report)
    schema = SchemaWriter().write_document(lowered)
    _report_size(schema, report)
    return schema, conversion


def _report_size(schema: Mapping[str, object], report: Report) -> None:
    """Say where a schema is larger than what OpenAI takes."""
    properties = enum_values = characters = 0
    for part in _walk(schema):
        names = [*_keys(part, "properties"), *_keys(part, "$defs")]
        values = part.get("enum", [])
        texts = [str(value) for value in values] if is_json_array(values) else []
        properties += len(_keys(part, "properties"))
        enum_values += len(texts)
        characters += sum(map(len, names)) + sum(map(len, texts))
        if len(texts) > LARGE_ENUM and sum(map(len, texts)) > MAX_LARGE_ENUM_CHARACTERS:
            size = sum(map(len, texts))
            _refused(report, size, "characters in one enum of many values", MAX_LARGE_ENUM_CHARACTERS)
    for size, what, limit in (
        (properties, "properties", MAX_PROPERTIES),
        (enum_values, "enum values", MAX_ENUM_VALUES),
        (characters, "characters in names and enum values", MAX_NAME_CHARACTERS),
        (_depth(schema, schema, {}), "levels of nested objects", MAX_DEPTH),
    ):
        if size > limit:
            _refused(report, size, what, limit)


def _refused(report: Report, size: int, what: str, limit: int) -> None:
    report.weakened("", f"{size:,} {what}: OpenAI takes {limit:,}, and refuses the tool unless strict mode is left off")


def _walk(schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield schema
    for _, part in named_subschemas(schema):
        yield from _walk(part)


def _keys(schema: Mapping[str, object], keyword: str) -> list[str]:
    group = schema.get(keyword)
    return list(group) if is_json_object(group) else []


def _depth(schema: Mapping[str, object], root: Mapping[str, object], known: dict[str, int]) -> int:
    """How many objects are nested at most; a definition within itself is not counted again."""
    if isinstance(reference := schema.get("$ref"), str):
        definitions = root.get("$defs")
        name = reference.removeprefix("#/$defs/")
        target = definitions.get(name) if is_json_object(definitions) else None
        if name not in known and is_json_object(target):
            known[name] = 0
            known[name] = _depth(target, root, known)
        return known.get(name, 0)
    parts = [part for keyword, part in named_subschemas(schema) if keyword != "$defs"]
    return (schema.get("type") == "object") + max((_depth(part, root, known) for part in parts), default=0)
