"""Which shapes a value has, and whether two shapes have a value in common."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from anyassistant_tools.lowering.shapes import (
    Anything,
    Array,
    Constants,
    Nothing,
    Object,
    Reference,
    Scalar,
    Shape,
    Union,
    resolve,
)
from anyassistant_tools.narrowing import is_json_array, is_json_object

_NOTHING = Nothing()


def kind_of(value: object) -> str:
    """The JSON type of a value; a whole number is an `integer`, also where it was written as 1.0."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def has_type(value: object, kinds: Sequence[str]) -> bool:
    """Whether a value is of one of some JSON types; where none is given, of any."""
    return not kinds or kind_of(value) in kinds or (kind_of(value) == "integer" and "number" in kinds)


def are_equal(one: object, other: object) -> bool:
    """Whether two JSON values are the same: `1` is `1.0`, and is not `true`."""
    if kind_of(one) != kind_of(other):
        return False
    if is_json_array(one) and is_json_array(other):
        return len(one) == len(other) and all(map(are_equal, one, other))
    if is_json_object(one) and is_json_object(other):
        return one.keys() == other.keys() and all(are_equal(one[key], other[key]) for key in one)
    return one == other


def matches(shape: Shape, value: object, definitions: Mapping[str, Shape]) -> bool:
    """Whether a value has a shape. Formats are not looked at, nor is what only the validation can check."""
    match shape:
        case Anything():
            return True
        case Constants():
            return any(are_equal(value, constant) for constant in shape.values)
        case Scalar():
            return has_type(value, [shape.kind]) and is_within(value, shape.limits)
        case Union():
            return any(matches(option, value, definitions) for option in shape.options)
        case Reference():
            return matches(resolve(shape, definitions), value, definitions)
        case Array():
            return is_json_array(value) and _matches_array(shape, value, definitions)
        case Object():
            return is_json_object(value) and _matches_object(shape, value, definitions)
        case _:
            return False


def is_within(value: object, limits: Mapping[str, object]) -> bool:
    """Whether a value keeps the limits that are about its type."""
    return all(_keeps(value, keyword, limit) for keyword, limit in limits.items())


def _keeps(value: object, keyword: str, limit: object) -> bool:
    match keyword, value, limit:
        case "minLength" | "minItems" | "minProperties", str() | list() | dict(), int() | float():
            return len(value) >= limit
        case "maxLength" | "maxItems" | "maxProperties", str() | list() | dict(), int() | float():
            return len(value) <= limit
        case "minimum", int() | float(), int() | float():
            return value >= limit
        case "maximum", int() | float(), int() | float():
            return value <= limit
        case "exclusiveMinimum", int() | float(), int() | float():
            return value > limit
        case "exclusiveMaximum", int() | float(), int() | float():
            return value < limit
        case "pattern", str(), str():
            try:
                return re.search(limit, value) is not None
            except re.error:  # an ECMA pattern that Python does not read
                return True
        case _:
            return True


def _matches_array(shape: Array, values: list[object], definitions: Mapping[str, Shape]) -> bool:
    if not is_within(values, shape.limits) or (shape.items is None and len(values) > len(shape.prefix)):
        return False
    shapes = chain(shape.prefix, (shape.items or _NOTHING for _ in range(len(values))))
    return all(matches(item, value, definitions) for item, value in zip(shapes, values, strict=False))


def _matches_object(shape: Object, members: dict[str, object], definitions: Mapping[str, Shape]) -> bool:
    if not shape.required <= members.keys() or not is_within(members, shape.limits):
        return False
    for name, value in members.items():
        part = shape.properties.get(name, shape.extras)
        if part is None or not matches(part, value, definitions):
            return False
        if name not in shape.properties and shape.keys is not None and not matches(shape.keys, name, definitions):
            return False
    return True


def may_overlap(one: Shape, other: Shape, definitions: Mapping[str, Shape], known: dict[tuple[int, int], bool]) -> bool:
    """Whether there may be a value that has both shapes. `False` is certain.

    Args:
        one: A shape.
        other: Another one.
        definitions: What references in them lead to.
        known: What was found out about pairs of shapes, by their `id`; it is added to.
    """
    one, other = resolve(one, definitions), resolve(other, definitions)
    pair = (id(one), id(other))
    if pair not in known:
        known[pair] = True  # until it is known better, where it leads back to itself
        known[pair] = _share_values(one, other, lambda a, b: may_overlap(a, b, definitions, known), definitions)
    return known[pair]


def _share_values(
    one: Shape, other: Shape, overlap: Callable[[Shape, Shape], bool], definitions: Mapping[str, Shape]
) -> bool:
    match one, other:
        case (Nothing(), _) | (_, Nothing()):
            return False
        case (Anything(), _) | (_, Anything()):
            return True
        case Union(), _:
            return any(overlap(option, other) for option in one.options)
        case _, Union():
            return any(overlap(one, option) for option in other.options)
        case Constants(), _:
            return any(matches(other, value, definitions) for value in one.values)
        case _, Constants():
            return any(matches(one, value, definitions) for value in other.values)
        case Scalar(), Scalar():
            return one.kind == other.kind or {one.kind, other.kind} == {"integer", "number"}
        case Array(), Array():
            is_never_empty = one.limits.get("minItems") or other.limits.get("minItems")
            return not is_never_empty or overlap(_first_item(one), _first_item(other))
        case Object(), Object():
            if not (_may_have(one, other.required) and _may_have(other, one.required)):
                return False
            shared = (one.required | other.required) & one.properties.keys() & other.properties.keys()
            return all(overlap(one.properties[name], other.properties[name]) for name in shared)
        case _:
            return False


def _first_item(array: Array) -> Shape:
    return array.prefix[0] if array.prefix else (array.items or _NOTHING)


def _may_have(shape: Object, names: frozenset[str]) -> bool:
    return shape.extras is not None or names <= shape.properties.keys()


def accepts_null(shape: Shape, definitions: Mapping[str, Shape]) -> bool:
    """Whether a shape says itself that null is a value of it; the one that accepts everything does not."""
    match shape:
        case Anything():
            return False
        case Union():
            return any(accepts_null(option, definitions) for option in shape.options)
        case Reference():
            return accepts_null(definitions[shape.name], definitions)
        case _:
            return matches(shape, None, definitions)
