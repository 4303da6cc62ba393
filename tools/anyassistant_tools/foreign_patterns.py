"""Regular expressions of JSON Schema that Python does not know: they are not checked here.

A `pattern` is ECMAScript's (JSON Schema 2020-12, 6.4): a server written in another language may use what `re` lacks,
such as `\\p{L}`. Whoever runs the tool checks it again; to refuse its whole schema would lose the tool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyassistant_tools.narrowing import is_json_object

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_ONLY_ELSEWHERE = re.compile(r"\\[pP]\{|\\u\{|\\c[A-Za-z]|\\k<|\(\?<[A-Za-z_$]|\[\^?\]")
"""Properties of characters, code points, control characters, named groups, and sets of nothing and of everything."""


def is_pattern(text: str) -> bool:
    """Whether a text is a regular expression, here or elsewhere."""
    return _compiles(text) or _is_one_elsewhere(text)


def drop_foreign_patterns(schema: dict[str, object], draft: type[Validator]) -> None:
    """Take the patterns out of a schema that cannot be checked here, with what depends on them.

    Args:
        schema: A schema of plain containers, which is changed.
        draft: The class that validates by its draft.
    """
    from referencing.jsonschema import specification_with

    specification = specification_with(str(draft.META_SCHEMA["$schema"]))
    waiting: list[object] = [schema]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if not is_json_object(part) or id(part) in seen:
            continue
        seen.add(id(part))
        waiting.extend(specification.subresources_of(part))
        pattern, by_pattern = part.get("pattern"), part.get("patternProperties")
        if isinstance(pattern, str) and _is_foreign(pattern):
            del part["pattern"]
        if is_json_object(by_pattern) and any(map(_is_foreign, by_pattern)):
            _drop_properties(part, by_pattern)


def _drop_properties(part: dict[str, object], by_pattern: Mapping[str, object]) -> None:
    part["patternProperties"] = {key: value for key, value in by_pattern.items() if not _is_foreign(key)}
    for keyword in ("additionalProperties", "unevaluatedProperties"):  # of which it cannot be told what they hold for
        part.pop(keyword, None)


def _is_foreign(pattern: str) -> bool:
    return not _compiles(pattern) and _is_one_elsewhere(pattern)


def _is_one_elsewhere(text: str) -> bool:
    return _ONLY_ELSEWHERE.search(text) is not None


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
