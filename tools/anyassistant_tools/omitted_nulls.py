"""`null` for an argument that may be left out and does not take it: many models write it for what they leave out."""

import json
from collections.abc import Callable, Mapping, Set
from typing import TypeVar

from pydantic_core import ValidationError

from anyassistant_tools.argument_text import ArgumentObject, ArgumentTextParser
from anyassistant_tools.complaints import describe_errors

T = TypeVar("T")


def validate_without_needless_nulls(
    given: ArgumentObject, validate: Callable[[str], T], *, omissible: Set[str], parser: ArgumentTextParser
) -> T:
    """Give what arguments are in Python, of which those that are `null` and need not be are left out.

    Args:
        given: The arguments as the model sent them.
        validate: Validates the JSON text of arguments with pydantic.
        omissible: The names of those that may be left out.
        parser: What the text was parsed with.

    Raises:
        ToolArgumentsError: They do not fit, also without these.
    """
    text, values = given
    try:
        return validate(text)
    except ValidationError as error:
        left_out = _needless_nulls(values, omissible, error)
        if not left_out:
            raise parser.refusal(describe_errors(error, values, parser.json_schema)) from None
    values = {name: value for name, value in values.items() if name not in left_out}
    rest = ArgumentObject(json.dumps(values), values)
    return validate_without_needless_nulls(rest, validate, omissible=frozenset(), parser=parser)


def _needless_nulls(values: Mapping[str, object], omissible: Set[str], error: ValidationError) -> frozenset[str]:
    nulls = frozenset(name for name in omissible if name in values and values[name] is None)
    if not nulls:
        return nulls  # looking through the errors of a long text takes a while
    return nulls.intersection(
        str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False) if one["loc"]
    )
