"""From a JSON Schema (draft 2020-12, and what older drafts write otherwise) to shapes.

An object that lists its properties and does not speak of others is taken to have no others, as pydantic's models are
meant; one that lists none is open.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.lowering.loops import refuse_loops
from anyassistant_tools.lowering.lowered import Report
from anyassistant_tools.lowering.matching import are_equal, has_type, is_within
from anyassistant_tools.lowering.merging import ALSO, JsonSchema, both, merge
from anyassistant_tools.lowering.pointers import follow, name_of, path_of
from anyassistant_tools.lowering.shapes import (
    NO_DEFAULT,
    Anything,
    Array,
    Constants,
    Document,
    Kind,
    Nothing,
    Object,
    Reference,
    Scalar,
    Shape,
    Union,
    add_sentence,
)
from anyassistant_tools.narrowing import is_json_array, is_mapping

_ASSERTIONS_ELSEWHERE = frozenset(
    {
        *("not", "if", "then", "else", "contains", "minContains", "maxContains"),
        *("dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems"),
    }
)
_LIMITS: Mapping[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties"),
}
_TYPICAL: Mapping[str, tuple[str, ...]] = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "propertyNames"),
    "array": ("items", "prefixItems"),
}
_APPLICATORS = frozenset({"$ref", "allOf", "anyOf", "oneOf", "enum", "const", "type", ALSO, *_ASSERTIONS_ELSEWHERE})
_SAID_ONLY = _ASSERTIONS_ELSEWHERE | {ALSO}
_ASSERTIONS = _APPLICATORS.union(*_LIMITS.values(), *_TYPICAL.values())


def read_schema(schema: Mapping[str, object], report: Report) -> Document:
    """Give the shapes of a schema; what no shape can say goes to the report and into the descriptions.

    Raises:
        ToolDefinitionError: It is no schema, a reference leads nowhere, or no value can be right.
    """
    reader = _Reader(schema, report)
    root = reader.read(schema, "")
    if isinstance(root, Nothing):
        raise ToolDefinitionError("The schema accepts no arguments at all: mend what contradicts itself in it.")
    reader.read_definitions()
    refuse_loops(reader.definitions)
    return Document(root, reader.definitions)


class _Reader:
    def __init__(self, root: Mapping[str, object], report: Report) -> None:
        self._root = root
        self._report = report
        self._references: dict[str, str] = {}
        self._pending: dict[str, str] = {}
        self.definitions: dict[str, Shape] = {}

    def read_definitions(self) -> None:
        """Read what the references name, which may name more."""
        while self._pending:
            name, reference = self._pending.popitem()
            path = f"$defs.{name}"
            self.definitions[name] = self.read(follow(self._root, reference, path), path)

    def read(self, schema: object, path: str) -> Shape:
        if schema is False:
            return Nothing(path=path)
        if schema is True:
            return Anything(path=path)
        if not is_mapping(schema):
            raise ToolDefinitionError(f"{path or 'The schema'} must be a JSON Schema, not {schema!r}.")
        keywords: JsonSchema = {str(keyword): value for keyword, value in schema.items()}
        if (reference := _lone_reference(keywords)) is not None:
            return self._annotated(self._reference(reference, path), keywords, path)
        merged = self._without_all_of(keywords, path, ())
        if merged is None:
            return Nothing(path=path)
        is_union = "anyOf" in merged or "oneOf" in merged
        shape = self._union(merged, path) if is_union else self._values(merged, path)
        return self._annotated(shape, merged, path)

    def _reference(self, reference: object, path: str) -> Reference:
        follow(self._root, reference, path)
        name = name_of(str(reference))
        if self._references.setdefault(name, str(reference)) != reference:  # `$defs/A` and `definitions/A`
            name = str(reference)
        if name not in self.definitions:
            self._pending[name] = str(reference)
        return Reference(path=path, name=name)

    def _without_all_of(self, schema: JsonSchema, path: str, seen: tuple[object, ...]) -> JsonSchema | None:
        """Merge `allOf`, and a `$ref` that has neighbours, into the schema they stand in."""
        reference, parts = schema.get("$ref"), schema.get("allOf", [])
        merged: JsonSchema | None = {}
        earlier: list[object] = []
        if reference is not None:
            if reference in seen:
                raise ToolDefinitionError(f"{path or 'The schema'}: {reference!r} is a part of itself.")
            earlier.append(follow(self._root, reference, path))
        for part in [*earlier, *(parts if is_json_array(parts) else [])]:
            if part is False or merged is None:
                return None
            if is_mapping(part):
                keywords = {str(keyword): value for keyword, value in part.items()}
                expanded = self._without_all_of(keywords, path, (*seen, reference))
                merged = None if expanded is None else merge(merged, expanded)
        own = {keyword: value for keyword, value in schema.items() if keyword not in ("$ref", "allOf")}
        return None if merged is None else merge(merged, own)

    def _union(self, keywords: JsonSchema, path: str) -> Shape:
        rest = {keyword: value for keyword, value in keywords.items() if keyword in _ASSERTIONS - _SAID_ONLY}
        keyword = "anyOf" if "anyOf" in rest else "oneOf"
        choices = rest.pop(keyword)
        if keyword == "oneOf":
            self._report.rewritten(path, "`oneOf` is written as `anyOf`")
        options: list[Shape] = []
        for number, choice in enumerate(choices if is_json_array(choices) else []):
            option = self.read(both(rest, choice), path_of(path, f"anyOf[{number}]"))
            if isinstance(option, Union) and not option.description:
                options += option.options
            elif not isinstance(option, Nothing):
                options.append(option)
        if any(isinstance(option, Anything) for option in options):
            return Anything(path=path)
        if len(options) == 1:
            return options[0]
        return Union(path=path, options=options) if options else Nothing(path=path)

    def _values(self, keywords: JsonSchema, path: str) -> Shape:
        choices = keywords.get("enum")
        if "const" in keywords:
            constant = keywords["const"]
            choices = (
                [constant]
                if not is_json_array(choices) or any(are_equal(choice, constant) for choice in choices)
                else []
            )
        kinds = self._kinds(keywords, path)
        if is_json_array(choices):
            limits = {name: keywords[name] for names in _LIMITS.values() for name in names if name in keywords}
            right = tuple(choice for choice in choices if has_type(choice, kinds) and is_within(choice, limits))
            return Constants(path=path, values=right) if right else Nothing(path=path)
        shapes = [self._typed(kind, keywords, path) for kind in kinds]
        shapes = [shape for shape in shapes if not isinstance(shape, Nothing)]
        if not kinds:
            return Anything(path=path)
        if len(shapes) == 1:
            return shapes[0]
        return Union(path=path, options=shapes) if shapes else Nothing(path=path)

    def _kinds(self, keywords: JsonSchema, path: str) -> list[str]:
        declared = keywords.get("type")
        if declared is not None:
            kinds = [str(kind) for kind in (declared if is_json_array(declared) else [declared])]
            known = (*get_args(Kind), "array", "object")
            for kind in kinds:
                if kind not in known:
                    raise ToolDefinitionError(f"{path or 'The schema'}: {kind!r} is no type: use one of {known}.")
            return [kind for kind in kinds if not (kind == "integer" and "number" in kinds)]
        if "enum" in keywords or "const" in keywords:
            return []
        for kind in ("object", "array", "string", "number"):
            if keywords.keys() & {*_TYPICAL.get(kind, ()), *_LIMITS[kind]}:
                self._report.rewritten(path, f"it has no type, and is taken to be of type {kind}")
                return [kind]
        return []

    def _typed(self, kind: str, keywords: JsonSchema, path: str) -> Shape:
        limits = {name: keywords[name] for name in _LIMITS.get(kind, ()) if name in keywords}
        for least, most in (("minLength", "maxLength"), ("minItems", "maxItems"), ("minimum", "maximum")):
            if _is_above(limits.get(least), limits.get(most)):
                return Nothing(path=path)
        match kind:
            case "object":
                return self._object(keywords, limits, path)
            case "array":
                return self._array(keywords, limits, path)
            case "string" | "integer" | "number" | "boolean" | "null":
                return Scalar(path=path, kind=kind, limits=limits)
            case _:
                return Nothing(path=path)

    def _array(self, keywords: JsonSchema, limits: Mapping[str, object], path: str) -> Shape:
        listed, items = keywords.get("prefixItems", []), keywords.get("items", True)
        if is_json_array(items):  # up to draft 2019-09
            listed, items = items, keywords.get("additionalItems", True)
        prefix = [self.read(part, f"{path}[{i}]") for i, part in enumerate(listed if is_json_array(listed) else [])]
        longest = limits.get("maxItems")
        end = int(longest) if isinstance(longest, int | float) else len(prefix) + 1
        end = next((i for i, part in enumerate(prefix[:end]) if isinstance(part, Nothing)), end)
        if end <= len(prefix):
            return Array(path=path, prefix=prefix[:end], items=None, limits=limits)
        further = self.read(items, f"{path}[]")
        rest = None if isinstance(further, Nothing) else further
        return Array(path=path, prefix=prefix, items=rest, limits=limits)

    def _object(self, keywords: JsonSchema, limits: Mapping[str, object], path: str) -> Shape:
        named, required = keywords.get("properties", {}), keywords.get("required", [])
        wanted = frozenset(str(name) for name in required) if is_json_array(required) else frozenset[str]()
        properties: dict[str, Shape] = {}
        for name, part in named.items() if is_mapping(named) else ():
            shape = self.read(part, path_of(path, str(name)))
            if not isinstance(shape, Nothing):
                properties[str(name)] = shape
            elif name in wanted:
                return Nothing(path=path)
            else:
                self._report.rewritten(shape.path, "it is never allowed, and is left out")
        names = both({"type": "string"}, keywords.get("propertyNames", True))
        keys: Shape | None = self.read(names, path_of(path, "propertyNames"))
        extras = self._extras(keywords, path, is_open=not properties) if not isinstance(keys, Nothing) else None
        for name in sorted(wanted - properties.keys()):
            if extras is None and keywords.get("additionalProperties") is False:
                return Nothing(path=path)
            properties[name] = replace(extras) if extras is not None else Anything(path=path_of(path, name))
        if isinstance(keys, Scalar) and not keys.limits:
            keys = None
        return Object(path=path, properties=properties, required=wanted, extras=extras, keys=keys, limits=limits)

    def _extras(self, keywords: JsonSchema, path: str, *, is_open: bool) -> Shape | None:
        patterns = keywords.get("patternProperties", {})
        patterns = patterns if is_mapping(patterns) else {}
        others = keywords.get("additionalProperties", is_open and not patterns)
        options = [self.read(part, path_of(path, "*")) for part in patterns.values()]
        if patterns:
            keys = ", ".join(f"`{pattern}`" for pattern in patterns)
            self._report.weakened(path, f"that a key must match {keys} is not checked by this provider")
        if others is not False:
            options.append(self.read(others, path_of(path, "*")))
        options = [option for option in options if not isinstance(option, Nothing)]
        if any(isinstance(option, Anything) for option in options):
            return Anything(path=path_of(path, "*"))
        if len(options) > 1:
            return Union(path=path_of(path, "*"), options=options)
        return options[0] if options else None

    def _annotated(self, shape: Shape, keywords: JsonSchema, path: str) -> Shape:
        description = str(keywords["description"]) if keywords.get("description") else shape.description
        examples = keywords.get("examples")
        if is_json_array(examples) and examples:
            description = add_sentence(description, f"Examples: {', '.join(map(_as_json, examples))}.")
        for keyword, value in self._unexpressed(keywords):
            description = add_sentence(description, f"It must also fulfil {_as_json({keyword: value})}.")
            self._report.weakened(path, f"`{keyword}` is only said in the description")
        patterns = keywords.get("patternProperties")
        if isinstance(shape, Object) and is_mapping(patterns) and patterns:
            keys = " or ".join(f"`{pattern}`" for pattern in patterns)
            description = add_sentence(description, f"Keys match {keys}.")
        shape = replace(shape, path=path, description=description)
        shape.default = keywords.get("default", NO_DEFAULT)
        return shape

    def _unexpressed(self, keywords: JsonSchema) -> list[tuple[str, object]]:
        found = [(keyword, value) for keyword, value in keywords.items() if keyword in _ASSERTIONS_ELSEWHERE]
        also = keywords.get(ALSO, [])
        for schema in also if is_json_array(also) else []:
            found += [(str(keyword), value) for keyword, value in schema.items()] if is_mapping(schema) else []
        return [(keyword, value) for keyword, value in found if not (keyword[:11] == "unevaluated" and value is False)]


def _lone_reference(keywords: JsonSchema) -> object:
    """The `$ref` of a schema that asserts no more than that, if need be as the one part of an `allOf`."""
    asserted = keywords.keys() & _ASSERTIONS
    if asserted == {"allOf"} and is_json_array(parts := keywords["allOf"]) and len(parts) == 1 and is_mapping(parts[0]):
        return parts[0]["$ref"] if parts[0].keys() == {"$ref"} else None
    return keywords["$ref"] if asserted == {"$ref"} else None


def _is_above(least: object, most: object) -> bool:
    return isinstance(least, int | float) and isinstance(most, int | float) and least > most


def _as_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}…"
