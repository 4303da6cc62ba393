"""From shapes to a grammar in llama.cpp's GBNF, of which every text is JSON.

White space is bounded, and so are the digits of numbers, so that a model cannot go on writing those for ever.
"""

import json
import re
from collections.abc import Mapping, Sequence

from anyassistant_tools.lowering.shapes import (
    Array,
    Constants,
    Document,
    Object,
    Reference,
    Scalar,
    Shape,
    Union,
)
from anyassistant_tools.narrowing import is_json_array, is_json_object

STRING_FORMATS = ("date", "time", "date-time", "uuid")
"""The formats of strings for which there is a rule."""

_SHARED: Mapping[str, str] = {
    "ws": r'(" " | "\n" [ \t]{0,12})?',
    "hex": "[0-9a-fA-F]",
    "surrogates": r'"\\u" [dD] [89abAB] hex{2} "\\u" [dD] [c-fC-F] hex{2}',
    "char": r'[^"\\\x00-\x1F] | "\\" ["\\/bfnrt] | "\\u" hex{4} | surrogates',
    "string": r'"\"" char* "\""',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,18})',
    "number": 'integer ("." [0-9]{1,24})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "pair": 'string ":" ws value',
    "object": '"{" ws (pair ("," ws pair)* ws)? "}"',
    "array": '"[" ws (value ("," ws value)* ws)? "]"',
    "value": "object | array | string | number | boolean | null",
    "day": '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
    "clock": '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,9})?',
    "zone": '"Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]',
    "date": r'"\"" day "\""',
    "time": r'"\"" clock zone? "\""',
    "date-time": r'"\"" day "T" clock zone? "\""',
    "uuid": r'"\"" hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12} "\""',
}
_RULE_NAME = re.compile(r"[a-zA-Z0-9-]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]')
_ODD_CHARACTERS = re.compile(r"[^a-zA-Z0-9]+")


def write_grammar(document: Document) -> str:
    """Give the grammar of the JSON texts of a document's root."""
    writer = _GrammarWriter(document)
    root = writer.write(document.root, "arguments")
    writer.write_definitions()
    rules = {"root": root, **writer.rules}
    return "".join(f"{name} ::= {body}\n" for name, body in {**rules, **_needed(rules)}.items())


def _needed(rules: Mapping[str, str]) -> dict[str, str]:
    """Give the shared rules that some rules come to."""
    needed: set[str] = set()
    pending = list(rules.values())
    while pending:
        for name in _RULE_NAME.findall(_QUOTED.sub(" ", pending.pop())):
            if name in _SHARED and name not in needed:
                needed.add(name)
                pending.append(_SHARED[name])
    return {name: body for name, body in _SHARED.items() if name in needed}


class _GrammarWriter:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._references: dict[str, str] = {}
        self._names: set[str] = {"root", *_SHARED}
        self.rules: dict[str, str] = {}

    def write_definitions(self) -> None:
        """Write the rules of the definitions that are referred to, which may refer to more."""
        done: set[str] = set()
        while pending := [name for name in self._references if name not in done]:
            for name in pending:
                done.add(name)
                rule = self._references[name]
                self._names.discard(rule)  # it was kept free for this
                body = self.write(self._document.definitions[name], rule)
                if body != rule:
                    self.rules[self._free_name(rule)] = body

    def write(self, shape: Shape, name: str) -> str:
        """Give the name of the rule of a shape, and write that rule if it is not a shared one."""
        match shape:
            case Constants():
                return self._rule(name, " | ".join(_constant(value) for value in shape.values))
            case Scalar(kind="string"):
                return self._string(shape.limits, name)
            case Scalar():
                return shape.kind
            case Array():
                return self._rule(name, self._array(shape, name))
            case Object():
                return self._rule(name, self._object(shape, name))
            case Union():
                options = [self.write(option, f"{name}-{i}") for i, option in enumerate(shape.options, 1)]
                return self._rule(name, " | ".join(dict.fromkeys(options)))
            case Reference():
                if shape.name not in self._references:
                    self._references[shape.name] = self._free_name(f"def-{shape.name}")
                return self._references[shape.name]
            case _:
                return "value"

    def _rule(self, name: str, body: str) -> str:
        free = self._free_name(name)
        self.rules[free] = body
        return free

    def _free_name(self, name: str) -> str:
        plain = free = _ODD_CHARACTERS.sub("-", name).strip("-") or "rule"
        number = 1
        while free in self._names:
            number += 1
            free = f"{plain}-{number}"
        self._names.add(free)
        return free

    def _string(self, limits: Mapping[str, object], name: str) -> str:
        if "format" in limits:
            return str(limits["format"])
        if not limits:
            return "string"
        return self._rule(
            name, rf'"\"" {_repeat("char", _count(limits, "minLength"), _longest(limits, "maxLength"))} "\""'
        )

    def _array(self, shape: Array, name: str) -> str:
        least, most = _count(shape.limits, "minItems"), _longest(shape.limits, "maxItems")
        prefix = [self.write(part, f"{name}-{i}") for i, part in enumerate(shape.prefix, 1)]
        item = self.write(shape.items, f"{name}-item") if shape.items is not None else None
        if not prefix and item is not None and most != 0:  # the first one has no comma before it
            prefix = [item]
        fixed = len(prefix)
        tail = ""
        if item is not None and (most is None or most > fixed):
            rest = _repeat(f'("," ws {item})', max(0, least - fixed), None if most is None else most - fixed)
            tail = f" {rest}"
        for number in range(fixed, 0, -1):
            comma = "" if number == 1 else '"," ws '
            element = f"{comma}{prefix[number - 1]}{tail}{' ws' if number == 1 else ''}"
            tail = f" ({element})?" if number > least else f" {element}"
        return f'"[" ws{tail} "]"'

    def _object(self, shape: Object, name: str) -> str:
        pairs = [(self._pair(key, part, name), key in shape.required) for key, part in shape.properties.items()]
        extra = self._extra(shape, name)
        tail = f' ("," ws {extra})*' if extra else ""
        firsts: list[str] = [f"{extra}{tail}"] if extra else []
        for number, (pair, is_required) in reversed(list(enumerate(pairs))):
            with_pair = f"{pair}{tail}"
            firsts = [with_pair] if is_required else [with_pair, *firsts]
            if number > 0:
                following = f'"," ws {pair}{tail}' if is_required else f'("," ws {pair})?{tail}'
                tail = f" {self._rule(f'{name}-rest', following)}" if len(pairs) > 2 else f" {following}"
        if not firsts:
            return '"{" ws "}"'
        can_be_empty = not any(is_required for _, is_required in pairs)
        members = f"({' | '.join(firsts)})" if len(firsts) > 1 else firsts[0]
        return f'"{{" ws ({members} ws)? "}}"' if can_be_empty else f'"{{" ws {members} ws "}}"'

    def _pair(self, key: str, shape: Shape, name: str) -> str:
        value = self.write(shape, f"{name}-{key}")
        return self._rule(f"{name}-{key}-pair", f'{_either(key)} ":" ws {value}')

    def _extra(self, shape: Object, name: str) -> str:
        if shape.extras is None:
            return ""
        key = self.write(shape.keys, f"{name}-key") if shape.keys is not None else "string"
        return self._rule(f"{name}-entry", f'{key} ":" ws {self.write(shape.extras, f"{name}-value")}')


def _constant(value: object) -> str:
    if isinstance(value, str):
        return _either(value)
    if isinstance(value, float) and value.is_integer():
        return f"({_literal(json.dumps(value))} | {_literal(str(int(value)))})"
    if is_json_array(value):
        return _sequence("[", [_constant(item) for item in value], "]")
    if is_json_object(value):
        return _sequence("{", [f'{_either(key)} ":" ws {_constant(part)}' for key, part in value.items()], "}")
    return _literal(json.dumps(value))


def _sequence(opening: str, parts: Sequence[str], closing: str) -> str:
    content = ' "," ws '.join(parts)
    return f'"{opening}" ws {content}{" ws" if parts else ""} "{closing}"'


def _either(text: str) -> str:
    """A string as it is, or with escapes for what is not ASCII: models and serialisers write both."""
    plain, escaped = json.dumps(text, ensure_ascii=False), json.dumps(text)
    if plain == escaped:
        return _literal(plain)
    try:
        plain.encode()
    except UnicodeEncodeError:  # a lone surrogate, which only the escape can write
        return _literal(escaped)
    return f"({_literal(plain)} | {_literal(escaped)})"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _repeat(what: str, least: int, most: int | None) -> str:
    if most is None:
        return f"{what}*" if least == 0 else f"{what}{{{least},}}"
    return f"{what}{{{least},{most}}}"


def _count(limits: Mapping[str, object], keyword: str) -> int:
    value = limits.get(keyword, 0)
    return int(value) if isinstance(value, int | float) else 0


def _longest(limits: Mapping[str, object], keyword: str) -> int | None:
    return _count(limits, keyword) if keyword in limits else None
