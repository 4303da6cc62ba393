"""The text that a model wrote as arguments, as one JSON object: the part of the policy that no schema has a say in.

- An empty text is `{}`; an object inside a JSON string is unwrapped once; everything else that is no object is refused.
- Cut-off JSON, `NaN`, `Infinity`, a float beyond a float's range, a key given twice at any level, a lone surrogate,
  and more than 200 levels of nesting are refused.
"""

import json
import math
from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import from_json, to_json

from anyassistant_tools.complaints import describe_known, shorten
from anyassistant_tools.errors import ToolArgumentsError
from anyassistant_tools.narrowing import is_json_object


class ArgumentObject(NamedTuple):
    """The one object that a text holds.

    Attributes:
        text: Its JSON text, which is not the model's where that was empty or a string.
        values: What is in it.
    """

    text: str
    values: dict[str, object]


class ArgumentTextParser:
    """Parses the arguments of one tool, and says what is wrong with them.

    Args:
        tool: The tool's name, for the errors.
        json_schema: The JSON Schema of its parameters, for the names that it knows.

    Attributes:
        json_schema: The same.
    """

    def __init__(self, tool: str, json_schema: Mapping[str, object]) -> None:
        self._tool = tool
        self.json_schema = json_schema

    def parse(self, text: str) -> ArgumentObject:
        """Give the object that a text holds.

        Raises:
            ToolArgumentsError: It holds none by the policy above.
        """
        if not text.strip():
            text = "{}"
        value = self._value(text)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            text, value = value, self._value(value)
        if not is_json_object(value):
            known = describe_known(self.json_schema)
            raise self.refusal(f"The arguments must be one JSON object ({known}), but {shorten(value)} came.")
        return ArgumentObject(text, value)

    def check(self, text: str) -> None:
        """Refuse in a text that pydantic parsed what it lets pass: a key given twice, NaN, the infinities.

        Written anew without repeated keys, a text has fewer colons if there were any. Only an escaped colon, which is
        written as a plain one, could make up for that.

        Raises:
            ToolArgumentsError: There is one in it.
        """
        anew = to_json(from_json(text))
        if anew.count(b":") != text.count(":") or "\\u003" in text or b"NaN" in anew or b"Infinity" in anew:
            self._scan(text)

    def refusal(self, what: str) -> ToolArgumentsError:
        """Give the error that says what is wrong."""
        return ToolArgumentsError(f"{self._tool} was not called. {what}", tool=self._tool)

    def _value(self, text: str) -> object:
        try:
            text.encode()  # a lone surrogate
            from_json(text, allow_inf_nan=False)
        except ValueError as error:
            hint = "; it was cut off" if "EOF" in str(error) else ""
            raise self.refusal(f"The arguments are not valid JSON ({error}{hint}): {shorten(text)}") from None
        return self._scan(text)

    def _scan(self, text: str) -> object:
        """Parse a text with Python's own parser, which lets us see every pair of every object and every number."""
        try:
            return _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise self.refusal(f"The arguments are not acceptable JSON: {reason}.") from None


def _object_without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {shorten(name)} is given twice")
            seen.add(name)
    return found


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"the number {shorten(number)} is too large")
    return value


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(object_pairs_hook=_object_without_repeats, parse_float=_finite, parse_constant=_no_constant)
