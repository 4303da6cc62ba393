"""The part of a JSON Schema that speaks of a place in a value."""

from collections.abc import Iterator, Mapping, Sequence

from anyassistant_tools.narrowing import is_json_array, is_json_object

_ALTERNATIVES = ("anyOf", "oneOf", "allOf")


def schema_at(schema: Mapping[str, object], path: Sequence[object]) -> object:
    """Give what a schema says of a place, or None where it says nothing, or several things of several alternatives.

    Args:
        schema: The schema of the whole value. A `$ref` in it refers to its `$defs`.
        path: The names of properties and the indices of items that lead there.
    """
    found: list[object] = [schema]
    for step in path:
        inner = [inner for one in found for part in _parts(one, schema) for inner in _inside(part, step)]
        found = list({id(one): one for one in inner}.values())  # else they double with each step into a recursive union
    first = found[0] if found else None
    return first if all(one == first for one in found) else None


def _parts(schema: object, root: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Give a schema and those that it refers to or chooses from, which speak of the same place."""
    waiting, seen = [schema], set[int]()
    while waiting:
        part = waiting.pop()
        if not is_json_object(part) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        for keyword in _ALTERNATIVES:
            alternatives = part.get(keyword)
            waiting.extend(alternatives if is_json_array(alternatives) else ())
        definitions, reference = root.get("$defs"), part.get("$ref")
        if is_json_object(definitions) and isinstance(reference, str):
            waiting.append(definitions.get(reference.removeprefix("#/$defs/")))


def _inside(schema: Mapping[str, object], step: object) -> Iterator[object]:
    """Give what one schema says of a property or an item."""
    if isinstance(step, int):
        leading = schema.get("prefixItems")
        if is_json_array(leading) and step < len(leading):
            yield leading[step]
        elif "items" in schema:
            yield schema["items"]
        return
    properties = schema.get("properties")
    if is_json_object(properties) and step in properties:
        yield properties[str(step)]
    elif is_json_object(schema.get("additionalProperties")):
        yield schema["additionalProperties"]
