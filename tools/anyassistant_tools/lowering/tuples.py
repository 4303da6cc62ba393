"""Lists with a schema for each place, for providers that know only one schema for all items."""

from dataclasses import replace

from anyassistant_tools.lowering.shapes import Array, Object, Reference, Scalar, Shape


def as_uniform(array: Array) -> Array | None:
    """Give a list of one kind of items, where all places are of that kind, as in `tuple[int, int]`."""
    first, *others = array.prefix
    if array.items is not None or not all(_are_alike(first, other) for other in others):
        return None
    limits = {"maxItems": len(array.prefix)} | dict(array.limits)
    return replace(array, prefix=[], items=first, limits=limits)


def as_object(array: Array) -> tuple[Object, list[str], str | None]:
    """Give an object with a property for each place, their names, and the name of the one for the items after them."""
    names = [f"item_{number}" for number in range(1, len(array.prefix) + 1)]
    shortest = _count(array.limits.get("minItems"))
    properties: dict[str, Shape] = dict(zip(names, array.prefix, strict=True))
    required = names[:shortest]
    rest = None
    if array.items is not None:
        rest = "more_items"
        limits: dict[str, object] = {"minItems": max(0, shortest - len(names))}
        if "maxItems" in array.limits:
            limits["maxItems"] = _count(array.limits["maxItems"]) - len(names)
        properties[rest] = Array(path=f"{array.path}[]", items=array.items, limits=limits)
        required.append(rest)
    places = Object(path=array.path, description=array.description, properties=properties, required=frozenset(required))
    return places, names, rest


def _are_alike(one: Shape, other: Shape) -> bool:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        is_same = (one.kind, dict(one.limits)) == (other.kind, dict(other.limits))
    else:
        is_same = isinstance(one, Reference) and isinstance(other, Reference) and one.name == other.name
    return is_same and one.description == other.description


def _count(limit: object) -> int:
    return int(limit) if isinstance(limit, int | float) else 0
