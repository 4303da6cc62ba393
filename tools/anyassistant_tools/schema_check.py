"""Whether a JSON Schema can be used: it is valid by its draft, and what it refers to is in it and leads somewhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from anyassistant_tools.complaints import shorten, write_path
from anyassistant_tools.foreign_patterns import is_pattern
from anyassistant_tools.narrowing import is_json_array, is_json_object
from anyassistant_tools.schema_complaints import describe_expectation

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing._core import Resolver
    from referencing.jsonschema import Schema

_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""The keywords that hold a schema for the same value, and so take nothing off it."""


class UnusableSchemaError(Exception):
    """Says which place in the schema it is, and why."""


def check_by_draft(schema: object, draft: "type[Validator]") -> None:
    """Hold a schema, or a part of one, against the meta-schema of its draft.

    Raises:
        UnusableSchemaError: It does not fit.
    """
    from jsonschema import FormatChecker
    from jsonschema.exceptions import best_match
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # it says nothing of its types

    formats = FormatChecker(())
    formats.checkers = {**draft.FORMAT_CHECKER.checkers, "regex": (_is_pattern_or_no_text, ())}
    by_draft = draft(draft.META_SCHEMA, registry=REGISTRY, format_checker=formats)
    # typed as JSON is, which `object` is not
    wrong = best_match(by_draft.iter_errors(schema))  # type: ignore[arg-type]  # pyright: ignore
    if wrong is not None:
        place, came = write_path(wrong.absolute_path), shorten(wrong.instance)
        raise UnusableSchemaError(f"at {place}: {describe_expectation(wrong)}; {came} came")


def _is_pattern_or_no_text(value: object) -> bool:
    return not isinstance(value, str) or is_pattern(value)


def check_references(schema: dict[str, object], draft: "type[Validator]") -> None:
    """Refuse a schema that refers to something outside of it, to what is no schema, or to itself in a circle.

    Args:
        schema: A schema, valid by its draft.
        draft: The class that validates by that draft.

    Raises:
        UnusableSchemaError: A `$ref` is one of these.
    """
    from jsonschema_specifications import REGISTRY
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import specification_with

    specification = specification_with(str(draft.META_SCHEMA["$schema"]))
    resource = specification.create_resource(schema)
    root: Resolver[Schema] = REGISTRY.resolver_with_root(resource)
    waiting: list[tuple[object, Resolver[Schema]]] = [(schema, root)]
    in_place: dict[int, list[object]] = {}
    checked: set[int] = set()
    while waiting:
        part, resolver = waiting.pop()
        if not is_json_object(part) or id(part) in in_place:
            continue
        in_place[id(part)] = list(_in_place(part))
        for inner in specification.subresources_of(part):
            waiting.append((inner, resolver.in_subresource(specification.create_resource(inner))))
        reference = part.get("$ref")
        if not isinstance(reference, str):
            continue
        try:
            found = resolver.lookup(reference)
        except (Unresolvable, ValueError, TypeError, AttributeError):  # a pointer may lead through anything
            where = "it is not in the schema, and nothing is fetched"
            raise UnusableSchemaError(f"at $ref {shorten(reference)}: {where}") from None
        if id(found.contents) not in checked:  # many refer to one
            checked.add(id(found.contents))
            check_by_draft(found.contents, draft)
        in_place[id(part)].append(found.contents)
        waiting.append((found.contents, found.resolver))
    _refuse_circles(in_place)


def _in_place(part: dict[str, object]) -> Iterable[object]:
    for keyword in _IN_PLACE:
        held = part.get(keyword)
        if is_json_array(held):
            yield from held
        elif held is not None:
            yield held


def _refuse_circles(in_place: dict[int, list[object]]) -> None:
    """Take away, again and again, what leads nowhere: what is left leads in a circle."""
    leads_to = {part: {id(inner) for inner in inners if id(inner) in in_place} for part, inners in in_place.items()}
    while ends := [part for part, inners in leads_to.items() if not inners & leads_to.keys()]:
        for part in ends:
            del leads_to[part]
    for part in leads_to:
        reference = next((inner.get("$ref") for inner in in_place[part] if is_json_object(inner)), None)
        raise UnusableSchemaError(f"a $ref leads in a circle back to itself ({shorten(reference)})")
