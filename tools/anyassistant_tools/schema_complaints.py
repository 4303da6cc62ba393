"""What `jsonschema` found wrong, in the form of what pydantic finds: which argument, what was expected, what came."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from anyassistant_tools.complaints import Complaints, cut, describe_known, properties_of, shorten, write_path
from anyassistant_tools.narrowing import is_json_array, is_json_object
from anyassistant_tools.written_forms import FORMS

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

MAX_CHOICES = 1_000
"""How many characters of the allowed values are quoted."""


def describe_schema_errors(errors: "Iterable[ValidationError]", schema: Mapping[str, object]) -> str:
    """Give one line for each argument that does not fit.

    Args:
        errors: What `jsonschema` found.
        schema: The JSON Schema of the tool's parameters.
    """
    complaints = Complaints()
    for error in errors:
        _add(error, complaints, schema)
    return complaints.text()


def describe_expectation(error: "ValidationError") -> str:
    """Say what a keyword of a schema asks for."""
    asked = error.validator_value
    match error.validator:
        case "type":
            types = asked if is_json_array(asked) else [asked]
            return f"Input should be of type {' or '.join(map(str, types))}"
        case "enum":
            choices = ", ".join(map(shorten, asked)) if is_json_array(asked) else shorten(asked)
            return f"Input should be one of {cut(choices, MAX_CHOICES)}"
        case "const":
            return f"Input should be {shorten(asked)}"
        case "format" if str(asked) in FORMS:
            return f"Input should fit {shorten({'format': asked})} (write it as {FORMS[str(asked)]})"
        case "anyOf" | "oneOf" if error.context:
            return " or: ".join(dict.fromkeys(map(describe_expectation, _nearest(error.context))))
        case None:  # the schema `false`
            return "nothing is allowed here"
        case keyword:
            return f"Input should fit {shorten({keyword: asked})}"


def _add(error: "ValidationError", complaints: Complaints, schema: Mapping[str, object]) -> None:
    path = list(error.absolute_path)
    if error.validator == "required" and is_json_array(error.validator_value) and is_json_object(error.instance):
        properties = properties_of(error.schema) if is_json_object(error.schema) else {}
        for name in error.validator_value:  # there is an error for each, which does not say which
            if name not in error.instance:
                entry = properties.get(str(name))
                complaints.add(write_path([*path, name]), f"missing; expected {shorten(entry)}" if entry else "missing")
    elif error.validator == "additionalProperties" and is_json_object(error.instance):
        expected = "unknown key" if path else f"unknown argument ({describe_known(schema)})"
        for name in _additional(error.instance, error.schema):
            complaints.add(write_path([*path, name]), expected, error.instance[name])
    elif error.validator in ("anyOf", "oneOf") and error.context:
        for inner in _nearest(error.context):
            _add(inner, complaints, schema)
    else:
        complaints.add(write_path(path), describe_expectation(error), error.instance)


def _additional(instance: Mapping[str, object], schema: object) -> list[str]:
    """Name the keys that a schema does not know."""
    schema = schema if is_json_object(schema) else {}
    known, patterns = properties_of(schema), schema.get("patternProperties")
    patterns = list(patterns) if is_json_object(patterns) else []
    return [
        name for name in instance if name not in known and not any(re.search(pattern, name) for pattern in patterns)
    ]


def _nearest(errors: "Iterable[ValidationError]") -> "list[ValidationError]":
    """Leave out the alternatives that were not meant, being of another type or kind, where one of them was."""
    by_alternative: dict[object, list[ValidationError]] = {}
    for error in errors:
        by_alternative.setdefault(error.relative_schema_path[0], []).append(error)
    for is_another in (_is_of_another_type, _is_of_another_kind):
        others = [name for name, found in by_alternative.items() if any(map(is_another, found))]
        if len(others) < len(by_alternative):
            for name in others:
                del by_alternative[name]
    return [error for found in by_alternative.values() for error in found]


def _is_of_another_type(error: "ValidationError") -> bool:
    return error.validator == "type" and not error.relative_path


def _is_of_another_kind(error: "ValidationError") -> bool:
    return error.validator == "const"
