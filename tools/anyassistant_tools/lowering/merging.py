"""Two JSON Schemas that both hold, as one: what `allOf` and the neighbours of a `$ref` or `anyOf` come down to."""

from collections.abc import Mapping
from typing import TypeAlias

from anyassistant_tools.lowering.matching import are_equal
from anyassistant_tools.narrowing import is_json_array, is_json_object

JsonSchema: TypeAlias = dict[str, object]

ALSO = "\0also"
"""The keyword under which schemas are kept that hold as well, and could not be merged."""

MAX_ALTERNATIVES = 100
"""How many alternatives two unions that hold at once may come to."""

_LARGEST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SMALLEST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_SUBSCHEMA = frozenset({"items", "additionalItems", "additionalProperties", "propertyNames", "contains"})
_SUBSCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"})


def both(one: object, other: object) -> object:
    """Give a schema that accepts what both accept."""
    if one is True or one == {}:
        return other
    if other is True or other == {} or one == other:
        return one
    return {"allOf": [one, other]}


def merge(one: Mapping[str, object], other: Mapping[str, object]) -> JsonSchema | None:
    """Give one schema for two that hold at once, or `None` if no value can pass both. Annotations of `other` win."""
    merged: JsonSchema = dict(one)
    for keyword, value in other.items():
        if keyword not in merged or keyword in _ANNOTATIONS:
            merged[keyword] = value
            continue
        earlier = merged[keyword]
        if keyword == "required" and is_json_array(earlier) and is_json_array(value):
            merged[keyword] = [*earlier, *(name for name in value if name not in earlier)]
        elif keyword in _SUBSCHEMAS and is_json_object(earlier) and is_json_object(value):
            merged[keyword] = earlier | {
                name: both(earlier[name], part) if name in earlier else part for name, part in value.items()
            }
        elif keyword in _SUBSCHEMA:
            merged[keyword] = both(earlier, value)
        elif keyword in _LARGEST and isinstance(earlier, int | float) and isinstance(value, int | float):
            merged[keyword] = max(earlier, value)
        elif keyword in _SMALLEST and isinstance(earlier, int | float) and isinstance(value, int | float):
            merged[keyword] = min(earlier, value)
        elif keyword == "type":
            kinds = _common_types(earlier, value)
            if not kinds:
                return None
            merged[keyword] = kinds[0] if len(kinds) == 1 else kinds
        elif keyword == "enum" and is_json_array(earlier) and is_json_array(value):
            merged[keyword] = [choice for choice in earlier if any(are_equal(choice, also) for also in value)]
        elif keyword == "const":
            if not are_equal(earlier, value):
                return None
        elif keyword in ("anyOf", "oneOf") and is_json_array(earlier) and is_json_array(value):
            if len(earlier) * len(value) <= MAX_ALTERNATIVES:
                merged[keyword] = [both(a, b) for a in earlier for b in value]
            else:
                _add(merged, {keyword: value})
        elif keyword in ("allOf", ALSO) and is_json_array(earlier) and is_json_array(value):
            merged[keyword] = [*earlier, *value]
        elif keyword == "uniqueItems":
            merged[keyword] = bool(earlier) or bool(value)
        elif not are_equal(earlier, value):
            _add(merged, {keyword: value})
    return merged


def _add(merged: JsonSchema, schema: JsonSchema) -> None:
    also = merged.get(ALSO, [])
    merged[ALSO] = [*(also if is_json_array(also) else []), schema]


def _common_types(one: object, other: object) -> list[object]:
    first = one if is_json_array(one) else [one]
    second = other if is_json_array(other) else [other]
    common: list[object] = [kind for kind in first if kind in second or (kind == "integer" and "number" in second)]
    return [*common, *(kind for kind in second if kind == "integer" and "number" in first and kind not in common)]
