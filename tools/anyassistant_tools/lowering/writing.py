"""From shapes back to a JSON Schema."""

import re
from collections.abc import Mapping

from anyassistant_tools.lowering.matching import kind_of
from anyassistant_tools.lowering.shapes import (
    Array,
    Constants,
    Document,
    Nothing,
    Object,
    Reference,
    Scalar,
    Shape,
    Union,
    add_sentence,
)

_ODD_CHARACTERS = re.compile(r"[^a-zA-Z0-9_-]+")


class SchemaWriter:
    """Writes standard JSON Schema; providers that want it otherwise override how a shape is written."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def write_document(self, document: Document) -> dict[str, object]:
        """Give the schema of the root, with the definitions that it needs."""
        written = self.write(document.root)
        definitions: dict[str, object] = {}
        done: set[str] = set()
        while pending := [name for name in self._names if name not in done]:
            for name in pending:
                done.add(name)
                definitions[self._names[name]] = self.write(document.definitions[name])
        return written | {"$defs": definitions} if definitions else written

    def write(self, shape: Shape) -> dict[str, object]:
        """Give the schema of a shape."""
        written: dict[str, object]
        match shape:
            case Constants():
                written = self.write_constants(shape)
            case Scalar():
                written = {"type": shape.kind, **shape.limits}
            case Array():
                written = self.write_array(shape)
            case Object():
                written = self.write_object(shape)
            case Union():
                return self.write_union(shape)
            case Reference():
                written = self._write_reference(shape)
            case Nothing():
                written = {"not": {}}
            case _:
                written = {}
        return self.describe(written, shape.description)

    def describe(self, written: dict[str, object], description: str) -> dict[str, object]:
        """Give a schema with a description, before the one that it has."""
        earlier = written.get("description")
        if description and isinstance(earlier, str) and earlier not in description:
            description = add_sentence(description, earlier)
        return written | {"description": description} if description else written

    def write_constants(self, shape: Constants) -> dict[str, object]:
        """Constants of one type as its `enum`, those of several as a union."""
        by_kind: dict[str, list[object]] = {}
        for value in shape.values:
            by_kind.setdefault(kind_of(value), []).append(value)
        options: list[dict[str, object]] = [
            {"type": kind} if kind == "null" else {"type": kind, "enum": values} for kind, values in by_kind.items()
        ]
        return options[0] if len(options) == 1 else {"anyOf": options}

    def write_array(self, shape: Array) -> dict[str, object]:
        """A list of one kind of items."""
        written: dict[str, object] = {"type": "array"}
        if shape.prefix:
            written["prefixItems"] = [self.write(part) for part in shape.prefix]
        return written | {"items": self.write(shape.items) if shape.items is not None else False} | dict(shape.limits)

    def write_object(self, shape: Object) -> dict[str, object]:
        """A closed object, or one whose other properties have a schema."""
        written: dict[str, object] = {
            "type": "object",
            "properties": {name: self.write(part) for name, part in shape.properties.items()},
            "required": [name for name in shape.properties if name in shape.required],
            "additionalProperties": self.write(shape.extras) if shape.extras is not None else False,
        }
        if isinstance(shape.keys, Constants) or (isinstance(shape.keys, Scalar) and shape.keys.limits):
            written["propertyNames"] = self.write(shape.keys)
        return written | dict(shape.limits)

    def write_union(self, shape: Union) -> dict[str, object]:
        """A union; where one scalar may be null, both types in one list."""
        options = flat_options(shape)
        kinds = [option.kind for option in options if isinstance(option, Scalar)]
        if len(options) == 2 and len(kinds) == 2 and kinds[1] == "null" and kinds[0] != "null":
            written = self.write(options[0]) | {"type": kinds}
            return self.describe(written, shape.description)
        return self.describe({"anyOf": [self.write(option) for option in options]}, shape.description)

    def _write_reference(self, shape: Reference) -> dict[str, object]:
        """A reference; where it is described, within a union of one, since a `$ref` may have no neighbours."""
        reference: dict[str, object] = {"$ref": f"#/$defs/{self._name(shape.name)}"}
        return {"anyOf": [reference]} if shape.description else reference

    def _name(self, name: str) -> str:
        if name not in self._names:
            plain = _ODD_CHARACTERS.sub("_", name) or "_"
            while plain in self._names.values():
                plain += "_"
            self._names[name] = plain
        return self._names[name]


def flat_options(shape: Union) -> list[Shape]:
    """Give the options of a union and of the unions in it, null once and last."""
    options: list[Shape] = []
    for option in shape.options:
        options += flat_options(option) if isinstance(option, Union) and not option.description else [option]
    nulls = [option for option in options if isinstance(option, Scalar) and option.kind == "null"]
    return [option for option in options if option not in nulls] + nulls[:1]


def named_subschemas(schema: Mapping[str, object]) -> list[tuple[str, Mapping[str, object]]]:
    """Give the schemas directly within a written one, each with the keyword it stands under."""
    from anyassistant_tools.narrowing import is_json_array, is_json_object

    found: list[tuple[str, Mapping[str, object]]] = []
    for keyword in ("properties", "$defs"):
        if is_json_object(group := schema.get(keyword)):
            found += [(keyword, part) for part in group.values() if is_json_object(part)]
    for keyword in ("anyOf", "prefixItems"):
        if is_json_array(parts := schema.get(keyword)):
            found += [(keyword, part) for part in parts if is_json_object(part)]
    if is_json_object(items := schema.get("items")):
        found.append(("items", items))
    return found
