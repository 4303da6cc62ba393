"""The rules of each provider, as a walk over a schema that is written from their documentation and not from our code.

`check_rules(target, schema)` gives what the provider would refuse.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

CheckRules = Callable[[str, dict[str, Any]], list[str]]

OPENAI_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
OPENAI_KEYWORDS = {
    None: {"description", "anyOf", "$ref", "$defs", "type", "enum"},
    "string": {"pattern", "format"},
    "number": {"multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties"},
}
OPENAI_KEYWORDS["integer"] = OPENAI_KEYWORDS["number"]

GEMINI_KEYWORDS = {
    *("type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required"),
    *("minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "items", "minimum", "maximum"),
}
GEMINI_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}


@pytest.fixture(scope="session")
def check_rules() -> CheckRules:
    def check(target: str, schema: dict[str, Any]) -> list[str]:
        match target:
            case "openai-strict":
                is_object = schema.get("type") == "object" and "anyOf" not in schema
                return [*([] if is_object else ["the root is no object"]), *refused_by_openai(schema)]
            case "gemini":
                is_object = schema.get("type") == "object"
                return [*([] if is_object else ["the root is no object"]), *refused_by_gemini(schema, is_root=True)]
            case "anthropic":
                return list(refused_by_anthropic(schema))
            case _:
                return []

    return check


def refused_by_openai(schema: Any, path: str = "") -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{path}: {schema!r} is no schema"
        return
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    allowed = OPENAI_KEYWORDS[None].union(*(OPENAI_KEYWORDS.get(kind, set()) for kind in kinds))
    for keyword in schema.keys() - allowed:
        yield f"{path}: {keyword} is not permitted"
    if not schema.keys() & {"type", "anyOf", "$ref"}:
        yield f"{path}: no type"
    if "$ref" in schema and len(schema) > 1:
        yield f"{path}: $ref has neighbours"
    if "object" in kinds:
        if schema.get("additionalProperties") is not False:
            yield f"{path}: additionalProperties must be false"
        if sorted(schema["required"]) != sorted(schema["properties"]):
            yield f"{path}: all properties must be required"
    if "array" in kinds and "items" not in schema:
        yield f"{path}: a list without items"
    if schema.get("format", "date") not in OPENAI_FORMATS:
        yield f"{path}: {schema['format']!r} is not a valid format"
    if re.search(r"\(\?[=!<]", schema.get("pattern", "")):
        yield f"{path}: look-around is not supported"
    for name, part in {**schema.get("properties", {}), **schema.get("$defs", {})}.items():
        yield from refused_by_openai(part, f"{path}/{name}")
    for part in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from refused_by_openai(part, f"{path}/-")


def refused_by_gemini(schema: Any, path: str = "", *, is_root: bool = False) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{path}: {schema!r} is no schema"
        return
    for keyword in schema.keys() - GEMINI_KEYWORDS:
        yield f"{path}: unknown name {keyword!r}"
    if "anyOf" in schema:
        if len(schema) > 1:
            yield f"{path}: any_of must be the only field set"
    elif schema.get("type") not in GEMINI_TYPES:
        yield f"{path}: invalid type {schema.get('type')!r}"
    if "enum" in schema:
        if schema["type"] != "string":
            yield f"{path}: enum is only allowed for STRING"
        if not schema["enum"] or not all(isinstance(value, str) and value for value in schema["enum"]):
            yield f"{path}: enum values must be strings that are not empty"
    if schema.get("type") == "string" and schema.get("format", "enum") not in ("enum", "date-time"):
        yield f"{path}: only 'enum' and 'date-time' are supported for STRING"
    if schema.get("format") == "enum" and not schema.get("enum"):
        yield f"{path}: enum should not be empty with format enum"
    if schema.get("type") == "object" and not schema.get("properties") and not is_root:
        yield f"{path}: properties should not be empty"
    if not set(schema.get("required", [])) <= set(schema.get("properties", {})):
        yield f"{path}: a required property is not defined"
    if schema.get("type") == "array" and "items" not in schema:
        yield f"{path}: items: missing field"
    for name, part in schema.get("properties", {}).items():
        yield from refused_by_gemini(part, f"{path}/{name}")
    for part in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from refused_by_gemini(part, f"{path}/-")


def refused_by_anthropic(schema: dict[str, Any]) -> Iterator[str]:
    if schema.get("type") != "object":
        yield "input_schema.type: must be 'object'"
    for keyword in schema.keys() & {"oneOf", "allOf", "anyOf"}:
        yield f"input_schema does not support {keyword} at the top level"
    for name in schema.get("properties", {}):
        if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name):
            yield f"property keys should match the pattern: {name!r}"


def as_json_schema(schema: Any) -> Any:
    """A schema of Gemini's as a JSON Schema: `nullable` is not one of its keywords."""
    if isinstance(schema, list):
        return [as_json_schema(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    written = {keyword: as_json_schema(value) for keyword, value in schema.items() if keyword != "nullable"}
    return {"anyOf": [written, {"type": "null"}]} if schema.get("nullable") is True else written


@pytest.fixture(scope="session")
def accepts() -> Callable[[str, dict[str, Any], object], bool]:
    """Whether a lowered schema, which must be one under draft 2020-12, accepts a value."""

    def accepts(target: str, schema: dict[str, Any], value: object) -> bool:
        Draft202012Validator.check_schema(schema)
        standard = as_json_schema(schema) if target == "gemini" else schema
        return Draft202012Validator(standard).is_valid(value)

    return accepts


class Gbnf:
    """Whether a text is in the language of a grammar in GBNF: all ends of a match are followed, with a memory."""

    def __init__(self, grammar: str) -> None:
        self._rules: dict[str, list[Any]] = {}
        for line in grammar.splitlines():
            name, _, body = line.partition(" ::= ")
            assert re.fullmatch(r"[a-zA-Z0-9-]+", name), f"llama.cpp takes no rule of the name {name!r}"
            self._tokens = re.findall(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{[\d,]+\}|[a-zA-Z0-9-]+|[()|?*+]', body)
            assert name not in self._rules, f"{name} is defined twice"
            self._rules[name] = self._alternatives()
            assert not self._tokens, line
        self._text = ""
        self._memory: dict[tuple[str, int], frozenset[int]] = {}

    def accepts(self, text: str) -> bool:
        self._text, self._memory = text, {}
        return len(text) in self._ends(("rule", "root"), 0)

    def _alternatives(self) -> list[Any]:
        options: list[Any] = [[]]
        while self._tokens and self._tokens[0] != ")":
            token = self._tokens.pop(0)
            if token == "|":
                options.append([])
            elif token == "(":
                options[-1].append(("group", self._alternatives()))
                assert self._tokens.pop(0) == ")"
            elif token[0] == '"':
                options[-1].append(("text", unescape(token[1:-1])))
            elif token[0] == "[":
                options[-1].append(("class", re.compile(token)))
            elif token in "?*+" or token[0] == "{":
                bounds = {"?": "{0,1}", "*": "{0,}", "+": "{1,}"}.get(token, token)[1:-1].split(",")
                least, most = int(bounds[0]), int(bounds[-1]) if bounds[-1] else None
                options[-1].append(("repeat", options[-1].pop(), least, most))
            else:
                options[-1].append(("rule", token))
        return options

    def _ends(self, part: Any, start: int) -> frozenset[int]:
        match part:
            case "text", text:
                return frozenset({start + len(text)} if self._text.startswith(text, start) else ())
            case "class", pattern:
                return frozenset({start + 1} if pattern.match(self._text, start) else ())
            case "rule", name:
                if (name, start) not in self._memory:
                    self._memory[name, start] = self._ends(("group", self._rules[name]), start)
                return self._memory[name, start]
            case "group", options:
                return frozenset().union(*(self._sequence(option, start) for option in options))
            case "repeat", inner, least, most:
                return self._repeat(inner, least, most, start)
        raise AssertionError(part)

    def _sequence(self, parts: list[Any], start: int) -> frozenset[int]:
        ends = frozenset({start})
        for part in parts:
            ends = frozenset().union(*(self._ends(part, end) for end in ends))
        return ends

    def _repeat(self, inner: Any, least: int, most: int | None, start: int) -> frozenset[int]:
        reached, current, count = set[int](), frozenset({start}), 0
        while current and (most is None or count <= most):
            if count >= least:
                if current <= reached:
                    break
                reached |= current
            current = frozenset().union(*(self._ends(inner, end) for end in current))
            count += 1
        return frozenset(reached)


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text)


@pytest.fixture(scope="session")
def read_gbnf() -> Callable[[str], Gbnf]:
    return Gbnf
