"""What was wrong with a model's arguments, in words that it can mend them by.

For each argument: which one, what was expected, what came. The texts are bounded, since a model pays for them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from anyassistant_tools.narrowing import is_json_array, is_json_object, is_mapping
from anyassistant_tools.schema_paths import schema_at
from anyassistant_tools.written_forms import with_form

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, ValidationError

MAX_LINES = 12
"""How many arguments are complained about in one text."""

MAX_ERRORS = 1_000
"""How many errors are looked at: one for each item of a long array says no more than the first few."""

MAX_QUOTE = 120
"""How many characters of what came, or of what was expected, are quoted."""


def describe_errors(error: "ValidationError", value: Mapping[str, object], schema: Mapping[str, object]) -> str:
    """Give one line for each argument that does not fit.

    Args:
        error: What pydantic found.
        value: The object that the model sent.
        schema: The JSON Schema of the tool's parameters.
    """
    complaints = Complaints()
    for one in _meant(error.errors(include_url=False, include_context=False)[:MAX_ERRORS], value):
        came = () if one["type"] == "missing" else (one["input"],)
        path = _path(one, value)
        complaints.add(write_path(path), _expected(one, path, schema), *came)
    return complaints.text()


class Complaints:
    """Collects what was wrong, argument by argument."""

    def __init__(self) -> None:
        self._expected: dict[str, list[str]] = {}
        self._came: dict[str, str] = {}

    def add(self, path: str, expected: str, *came: object) -> None:
        """Note what was expected of the argument at a path, and what came in its place, if anything did."""
        expectations = self._expected.setdefault(path, [])
        if expected not in expectations:
            expectations.append(expected)
        for value in came:
            self._came[path] = f"; {shorten(value)} came"

    def text(self) -> str:
        """Give one line for each argument, of `MAX_LINES` arguments."""
        lines = [
            f"- {cut(path, MAX_QUOTE)}: {' or: '.join(said)}{self._came.get(path, '')}"
            for path, said in self._expected.items()
        ]
        if len(lines) > MAX_LINES:
            lines[MAX_LINES:] = [f"- and at least {len(lines) - MAX_LINES} more"]
        return "\n".join(["The arguments do not fit:", *lines])


def describe_known(schema: Mapping[str, object]) -> str:
    """Name the arguments that the tool takes."""
    known = properties_of(schema)
    return f"known: {', '.join(known)}" if known else "it takes none"


def shorten(value: object) -> str:
    """Quote a value as JSON, cut to `MAX_QUOTE` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # a number with thousands of digits, a circle
        text = f"a value of type {type(value).__name__}"
    return cut(text.encode("utf-8", "replace").decode(), MAX_QUOTE)


def cut(text: str, length: int) -> str:
    """Give a text of at most that many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def write_path(steps: Iterable[object]) -> str:
    """Write where something is in a JSON value: `basket[2].price`."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else str(step)
    return path or "arguments"


def _meant(errors: "list[ErrorDetails]", value: object) -> "list[ErrorDetails]":
    """Leave out the members of a union that were not meant, being of another type or kind, where one of them was."""
    unions: dict[tuple[object, ...], dict[object, list[ErrorDetails]]] = {}
    for one in errors:
        union, member = _first_union(one["loc"][:-1] if one["type"] == "missing" else one["loc"], value)
        if member is not None:
            unions.setdefault(union, {}).setdefault(member, []).append(one)
    left_out: set[int] = set()
    for union, members in unions.items():
        for is_another in (_is_of_another_type, _is_of_another_kind):
            others = [name for name, found in members.items() if any(is_another(one, len(union)) for one in found)]
            if len(others) < len(members):
                left_out |= {id(one) for name in others for one in members.pop(name)}
    return [one for one in errors if id(one) not in left_out]


def _is_of_another_type(one: "ErrorDetails", depth: int) -> bool:
    return one["type"].endswith(("_type", "_parsing", "_required")) and len(one["loc"]) == depth + 1


def _is_of_another_kind(one: "ErrorDetails", _depth: int) -> bool:
    return one["type"] == "literal_error"


def _first_union(location: Sequence[object], value: object) -> tuple[tuple[object, ...], object]:
    """Give the path of the first union on the way to an error, and the name that pydantic has for its member."""
    for index, step in enumerate(location):
        if is_mapping(value) and step in value:  # each narrows the type  # noqa: SIM114
            value = value[step]
        elif is_json_array(value) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return tuple(location[:index]), step
    return tuple(location), None


def _path(one: "ErrorDetails", value: object) -> list[object]:
    """Give the way to an error, without what pydantic puts in between to name the member of a union."""
    steps: list[object] = []
    for step in one["loc"]:
        if is_mapping(value) and step in value:  # each narrows the type  # noqa: SIM114
            steps.append(step)
            value = value[step]
        elif is_json_array(value) and isinstance(step, int) and 0 <= step < len(value):
            steps.append(step)
            value = value[step]
    if one["type"] == "missing":
        steps.append(one["loc"][-1])
    return steps


def _expected(one: "ErrorDetails", path: Sequence[object], schema: Mapping[str, object]) -> str:
    match one["type"]:
        case "extra_forbidden" if len(path) == 1:
            return f"unknown argument ({describe_known(schema)})"
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            entry = schema_at(schema, path)
            return f"missing; expected {shorten(entry)}" if entry else "missing"
        case kind:
            return with_form(one["msg"], kind)


def properties_of(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Give the schemas of the properties that a schema names."""
    properties = schema.get("properties")
    return properties if is_json_object(properties) else {}
