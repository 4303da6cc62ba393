"""What was wrong with a model's arguments, in words that it can mend them by.

For each argument: which one, what was expected, what came. The texts are bounded, since a model pays for them.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyassistant_tools.narrowing import is_json_array, is_json_object, is_mapping

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, ValidationError

MAX_LINES = 12
"""How many arguments are complained about in one text."""

MAX_QUOTE = 120
"""How many characters of what came, or of what was expected, are quoted."""


def describe_errors(error: "ValidationError", value: Mapping[str, object], schema: Mapping[str, object]) -> str:
    """Give one line for each argument that does not fit.

    Args:
        error: What pydantic found.
        value: The object that the model sent.
        schema: The JSON Schema of the tool's parameters.
    """
    reasons: dict[str, list[str]] = {}
    came: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False):
        path, expected = _path(one, value), _expected(one, schema)
        reasons.setdefault(path, [])
        if expected not in reasons[path]:
            reasons[path].append(expected)
        if one["type"] != "missing":
            came[path] = f"; {shorten(one['input'])} came"
    lines = [f"- {path}: {' or: '.join(texts)}{came.get(path, '')}" for path, texts in reasons.items()]
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [f"- and {len(lines) - MAX_LINES} more"]
    return "\n".join(["The arguments do not fit:", *lines])


def describe_known(schema: Mapping[str, object]) -> str:
    """Name the arguments that the tool takes."""
    known = _properties(schema)
    return f"known: {', '.join(known)}" if known else "it takes none"


def shorten(value: object) -> str:
    """Quote a value as JSON, cut to `MAX_QUOTE` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # a number with thousands of digits, a circle
        text = f"a value of type {type(value).__name__}"
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= MAX_QUOTE else f"{text[: MAX_QUOTE - 1]}…"


def _path(one: "ErrorDetails", value: object) -> str:
    """Write where an error is: `basket[2].price`. What pydantic puts in between to name the member of a union goes."""
    path = ""
    for step in one["loc"]:
        if is_mapping(value) and step in value:
            path, value = f"{path}.{step}" if path else str(step), value[step]
        elif is_json_array(value) and isinstance(step, int) and 0 <= step < len(value):
            path, value = f"{path}[{step}]", value[step]
    if one["type"] == "missing":
        path = f"{path}.{one['loc'][-1]}" if path else str(one["loc"][-1])
    return path or "arguments"


def _expected(one: "ErrorDetails", schema: Mapping[str, object]) -> str:
    location = one["loc"]
    match one["type"]:
        case "extra_forbidden" if len(location) == 1:
            return f"unknown argument ({describe_known(schema)})"
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            entry = _properties(schema).get(str(location[0])) if len(location) == 1 else None
            return f"missing; expected {shorten(entry)}" if entry else "missing"
        case _:
            return one["msg"]


def _properties(schema: Mapping[str, object]) -> Mapping[str, object]:
    properties = schema.get("properties")
    return properties if is_json_object(properties) else {}
