"""Anthropic's tools: nearly all of JSON Schema, as it is.

Source: Anthropic's documentation, "Define tools" (`input_schema` is a JSON Schema of an object), and the errors of the
Messages API: no `oneOf`, `allOf` or `anyOf` at the top, whose property names match `^[a-zA-Z0-9_.-]{1,64}$`; the schema
has to be valid under draft 2020-12. What `strict: true` forbids (recursion, bounds, open objects) is not in question:
it is not used.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.lowering.conversions import Boxed, Unchanged
from anyassistant_tools.lowering.lowered import Conversion, Report
from anyassistant_tools.lowering.pointers import follow, path_of
from anyassistant_tools.lowering.rewriting import ENVELOPE
from anyassistant_tools.narrowing import is_json_array, is_json_object, is_mapping

MAX_NAME_LENGTH = 64

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_ILLEGAL_CHARACTERS = re.compile(r"[^a-zA-Z0-9_.-]")
_REFUSED_AT_THE_TOP = ("anyOf", "oneOf", "allOf")
_ROOT_DEFINITION = "arguments"


def lower_for_anthropic(schema: Mapping[str, object], report: Report) -> tuple[dict[str, object], Conversion]:
    """Give the `input_schema` of a tool, and the conversion of its arguments."""
    root = _modern(schema, report, "")
    if not is_json_object(root):
        raise ToolDefinitionError(f"The schema must be a JSON Schema of an object, not {schema!r}.")
    seen: list[object] = []
    while "$ref" in root and root["$ref"] not in seen:
        seen.append(root["$ref"])
        target = follow(root, root["$ref"], "")
        if not is_mapping(target):
            break
        rest = {keyword: value for keyword, value in root.items() if keyword != "$ref"}
        if rest.keys() & target.keys() - {"$defs", "description"}:
            break
        report.rewritten("", "the definition that the root refers to is copied into it")
        root = {str(keyword): value for keyword, value in target.items()} | rest
    if "type" not in root and not root.keys() & {"$ref", "enum", "const", *_REFUSED_AT_THE_TOP}:
        report.rewritten("", "the type `object` is added")
        root = {"type": "object", **root}
    if root.get("type") != "object" or "$ref" in root or root.keys() & set(_REFUSED_AT_THE_TOP):
        report.rewritten("", f"the arguments are carried in one property, `{ENVELOPE}`")
        return _enveloped(root), Boxed(ENVELOPE, Unchanged())
    names = _new_names(root)
    if not names:
        return root, Unchanged()
    for old, new in names.items():
        report.rewritten(path_of("", old), f"the property is named `{new}`, since Anthropic refuses its own name")
    return _renamed(root, names), _Renamed(names)


@dataclass(frozen=True, slots=True)
class _Renamed:
    names: Mapping[str, str]

    def lift(self, value: object) -> object:
        return _with_keys(value, {new: old for old, new in self.names.items()})

    def lower(self, value: object) -> object:
        return _with_keys(value, self.names)


def _with_keys(value: object, names: Mapping[str, str]) -> object:
    return {names.get(key, key): part for key, part in value.items()} if is_json_object(value) else value


def _modern(schema: object, report: Report, path: str) -> object:
    """Give a schema in which the tuples of older drafts are those of draft 2020-12."""
    if is_json_array(schema):
        return [_modern(part, report, path) for part in schema]
    if not is_mapping(schema):
        return schema
    written: dict[str, object] = {}
    for key, value in schema.items():
        keyword = str(key)
        if keyword in ("enum", "const", "default", "examples", "required"):
            written[keyword] = value
        elif keyword in ("properties", "patternProperties", "$defs", "definitions") and is_mapping(value):
            written[keyword] = {
                str(name): _modern(part, report, path_of(path, str(name))) for name, part in value.items()
            }
        else:
            written[keyword] = _modern(value, report, path)
    if is_json_array(written.get("items")):
        report.rewritten(path, "a tuple of an older draft is written as `prefixItems`")
        written["prefixItems"] = written.pop("items")
        if "additionalItems" in written:
            written["items"] = written.pop("additionalItems")
    return written


def _enveloped(root: dict[str, object]) -> dict[str, object]:
    """Give an object whose one property is the root; references within it still lead to where they led."""
    definitions = root.get("$defs")
    definitions = dict(definitions) if is_json_object(definitions) else {}
    name = _ROOT_DEFINITION
    while name in definitions:
        name += "_"
    content = {keyword: value for keyword, value in root.items() if keyword not in ("$defs", "$schema", "$id")}
    whole = _repointed({name: content, **definitions}, f"#/$defs/{name}")
    return {
        "type": "object",
        "properties": {ENVELOPE: {"$ref": f"#/$defs/{name}"}},
        "required": [ENVELOPE],
        "additionalProperties": False,
        "$defs": whole,
    }


def _repointed(schema: object, root: str) -> object:
    if is_json_array(schema):
        return [_repointed(part, root) for part in schema]
    if not is_json_object(schema):
        return schema
    written = {keyword: _repointed(value, root) for keyword, value in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#/$defs/") and reference[:1] == "#":
        written["$ref"] = root + reference[1:]
    return written


def _new_names(root: Mapping[str, object]) -> dict[str, str]:
    properties = root.get("properties")
    old_names: Sequence[str] = list(properties) if is_json_object(properties) else []
    taken = {name for name in old_names if _LEGAL_NAME.fullmatch(name)}
    names: dict[str, str] = {}
    for old in old_names:
        if old in taken:
            continue
        new = plain = _ILLEGAL_CHARACTERS.sub("_", old)[:MAX_NAME_LENGTH] or "_"
        number = 1
        while new in taken:
            number += 1
            new = f"{plain[: MAX_NAME_LENGTH - 4]}_{number}"
        taken.add(new)
        names[old] = new
    return names


def _renamed(root: dict[str, object], names: Mapping[str, str]) -> dict[str, object]:
    written = dict(root)
    for keyword in ("properties", "dependentRequired", "dependentSchemas"):
        written |= {keyword: _with_keys(root[keyword], names)} if keyword in root else {}
    required = root.get("required")
    if is_json_array(required):
        written["required"] = [names.get(str(name), name) for name in required]
    return written
