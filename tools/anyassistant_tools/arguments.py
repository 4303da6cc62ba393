"""From the text that a model wrote to the arguments of a call, or to an error that it can mend the text by.

The policy, text by text:

- Values are validated in pydantic's lax mode: `"5"` is taken for 5.
- An unknown argument is refused with the list of the known ones; so is a missing one.
- `null` for a parameter that has a default and does not take `null` means the default.
- An empty text is `{}`; an object inside a JSON string is unwrapped once; everything else that is no object is refused.
- Cut-off JSON, `NaN`, `Infinity`, a float beyond a float's range, a key given twice at any level, a lone surrogate,
  and more than 200 levels of nesting are refused.
"""

import json
import math
from typing import TYPE_CHECKING

from pydantic_core import ValidationError, from_json, to_json

from anyassistant_tools.complaints import describe_errors, describe_known, shorten
from anyassistant_tools.errors import ToolArgumentsError
from anyassistant_tools.narrowing import is_json_object

if TYPE_CHECKING:
    from anyassistant_tools.schema import ParametersSchema


class ArgumentsReader:
    """Reads the arguments of one tool.

    Args:
        tool: The tool's name, for the errors.
        schema: What its parameters take.
    """

    def __init__(self, tool: str, schema: "ParametersSchema") -> None:
        self._tool = tool
        self._schema = schema
        self._validate_json = schema.validator.validate_json

    def read(self, text: str) -> dict[str, object]:
        """Give the arguments that the text holds, validated, by name; those left out are left out.

        Raises:
            ToolArgumentsError: The text does not fit, for whatever reason.
        """
        # The usual case costs one pass in Rust. pydantic keeps the last of two equal keys in silence; but each key
        # needs a colon of its own, so as many colons as arguments prove that none came twice. More of them (in a
        # string, in a nested object) prove nothing.
        try:
            values: dict[str, object] = self._validate_json(text)
        except ValidationError:
            return self._read_closely(text)
        if text.count(":") != len(values) or "NaN" in text or "Infinity" in text:
            self._check(text)
        return values

    def _check(self, text: str) -> None:
        """Refuse what pydantic lets pass: a key given twice, NaN, the infinities.

        Written anew without repeated keys, a text has fewer colons if there were any. Only an escaped colon, which is
        written as a plain one, could make up for that.
        """
        anew = to_json(from_json(text))
        if anew.count(b":") != text.count(":") or "\\u003" in text or b"NaN" in anew or b"Infinity" in anew:
            self._scan(text)

    def _read_closely(self, text: str) -> dict[str, object]:
        """Read a text that did not validate as it stands: mend it where the policy allows, else say what is wrong."""
        if not text.strip():
            text = "{}"
        value = self._parse(text)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            text, value = value, self._parse(value)
        if not is_json_object(value):
            known = describe_known(self._schema.json_schema)
            raise self._refusal(f"The arguments must be one JSON object ({known}), but {shorten(value)} came.")
        try:
            return self._validated(text)
        except ValidationError as error:
            defaulted = self._nulls_that_mean_the_default(value, error)
            if not defaulted:
                raise self._refusal(describe_errors(error, value, self._schema.json_schema)) from None
        value = {name: item for name, item in value.items() if name not in defaulted}
        try:
            return self._validated(json.dumps(value))
        except ValidationError as error:
            raise self._refusal(describe_errors(error, value, self._schema.json_schema)) from None

    def _validated(self, text: str) -> dict[str, object]:
        values: dict[str, object] = self._validate_json(text)
        return values

    def _nulls_that_mean_the_default(self, value: dict[str, object], error: ValidationError) -> set[str]:
        """Name the arguments that are `null`, do not take it, and may be left out."""
        refused = {str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False) if one["loc"]}
        return {name for name in refused & self._schema.omissible if name in value and value[name] is None}

    def _parse(self, text: str) -> object:
        """Give the JSON value of a text.

        Raises:
            ToolArgumentsError: It is no JSON by the policy above.
        """
        try:
            text.encode()  # a lone surrogate
            from_json(text, allow_inf_nan=False)
        except ValueError as error:
            hint = "; it was cut off" if "EOF" in str(error) else ""
            raise self._refusal(f"The arguments are not valid JSON ({error}{hint}): {shorten(text)}") from None
        return self._scan(text)

    def _scan(self, text: str) -> object:
        """Parse a text with Python's own parser, which lets us see every pair of every object and every number."""
        try:
            return _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise self._refusal(f"The arguments are not acceptable JSON: {reason}.") from None

    def _refusal(self, what: str) -> ToolArgumentsError:
        return ToolArgumentsError(f"{self._tool} was not called. {what}", tool=self._tool)


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shorten(repeated)} is given twice")
    return found


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"the number {shorten(number)} is too large")
    return value


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(object_pairs_hook=_object_without_repeats, parse_float=_finite, parse_constant=_no_constant)
