"""From the text that a model wrote to the arguments of a call, or to an error that it can mend the text by.

What text is taken at all is told in `argument_text`. Of the values in it:

- They are validated in pydantic's lax mode: `"5"` is taken for 5.
- A member of an enum is taken as it is written: `"RED"` for `"red"` is refused, with the list of what is allowed, since
  two members may differ in nothing else.
- An unknown argument is refused with the list of the known ones; so is a missing one.
- `null` for a parameter that has a default and does not take `null` means the default.
"""

import re
from typing import TYPE_CHECKING

from pydantic_core import ValidationError

from anyassistant_tools.argument_text import ArgumentTextParser
from anyassistant_tools.omitted_nulls import validate_without_needless_nulls

if TYPE_CHECKING:
    from anyassistant_tools.schema import ParametersSchema

_MAY_BE_TOO_LARGE = re.compile(r"[0-9](?:[eE]\+?[0-9]{3}|(?<![0-9][0-9])[0-9]{199})").search
"""Finds a number that may be beyond a float's range, which pydantic takes for an infinity where anything is taken.

It has three digits in its exponent, or 200 in a row before it.
"""


class ArgumentsReader:
    """Reads the arguments of one tool.

    Args:
        tool: The tool's name, for the errors.
        schema: What its parameters take.
    """

    def __init__(self, tool: str, schema: "ParametersSchema") -> None:
        self._schema = schema
        self._parser = ArgumentTextParser(tool, schema.json_schema)
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
        if text.count(":") != len(values) or "NaN" in text or "Infinity" in text or _MAY_BE_TOO_LARGE(text):
            self._parser.check(text)
        return values

    def _read_closely(self, text: str) -> dict[str, object]:
        """Read a text that did not validate as it stands: mend it where the policy allows, else say what is wrong."""
        return validate_without_needless_nulls(
            self._parser.parse(text), self._validate_json, omissible=self._schema.omissible, parser=self._parser
        )
