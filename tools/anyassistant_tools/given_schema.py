"""Tools that are described by a JSON Schema and not by a callable: their arguments are held against that schema.

The text is taken as a callable's is (see `argument_text`). Of the values in it:

- They must fit the schema as they are: `"5"` is not taken for 5, and no default is filled in.
- What the schema does not know is refused with the list of known names where `additionalProperties` is false.
- `null` for an argument that may be left out and does not take `null` is left out.
- A regular expression that Python does not know is not checked (see `foreign_patterns`).

`jsonschema` takes 150 ms to import: whoever asks for it here is about to use it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from pydantic_core import from_json

from anyassistant_tools.argument_text import ArgumentTextParser
from anyassistant_tools.complaints import MAX_ERRORS, shorten
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.foreign_patterns import drop_foreign_patterns
from anyassistant_tools.json_text import to_json_text
from anyassistant_tools.narrowing import is_json_array, is_json_object
from anyassistant_tools.schema_complaints import describe_schema_errors

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator


class GivenSchemaReader:
    """Reads the arguments of one tool that is described by a JSON Schema.

    Args:
        tool: The tool's name, for the errors.
        schema: The JSON Schema of the object of arguments, of the draft that its `$schema` names, else 2020-12.

    Raises:
        ToolDefinitionError: It is not JSON.
    """

    def __init__(self, tool: str, schema: Mapping[str, object]) -> None:
        self._schema = _as_json(schema, tool)
        draft = _draft_of(self._schema)
        drop_foreign_patterns(self._schema, draft)
        self._validator = _make_validator(self._schema, draft)
        self._parser = ArgumentTextParser(tool, self._schema)
        required = self._schema.get("required")
        self._required = frozenset(map(str, required)) if is_json_array(required) else frozenset[str]()

    def read(self, text: str) -> dict[str, object]:
        """Give the arguments that the text holds, which fit the schema, by name.

        Raises:
            ToolArgumentsError: The text does not fit, for whatever reason.
        """
        values = self._parser.parse(text).values
        try:
            errors = self._errors(values)
            left_out = {name for error in errors if (name := self._name_of_a_needless_null(error)) is not None}
            if left_out:
                values = {name: value for name, value in values.items() if name not in left_out}
                errors = self._errors(values)
        except (RecursionError, OverflowError, ZeroDivisionError) as error:
            raise self._parser.refusal(f"The arguments cannot be held against the schema: {error}.") from None
        if errors:
            raise self._parser.refusal(describe_schema_errors(errors, self._schema))
        return values

    def _errors(self, values: dict[str, object]) -> "list[ValidationError]":
        # typed as JSON is, which `object` is not
        return list(islice(self._validator.iter_errors(values), MAX_ERRORS))  # type: ignore[arg-type]  # pyright: ignore

    def _name_of_a_needless_null(self, error: "ValidationError") -> str | None:
        if len(error.absolute_path) != 1 or error.instance is not None:
            return None
        name = str(error.absolute_path[0])
        return None if name in self._required else name


def check_schema(schema: Mapping[str, object], tool: str) -> dict[str, object]:
    """Refuse a schema that no arguments could be held against.

    Args:
        schema: What is to be the JSON Schema of a tool's arguments.
        tool: The tool's name.

    Returns:
        The schema in plain containers, a copy.

    Raises:
        ToolDefinitionError: It is no valid schema of an object, or refers to what is not in it; the message names the
            place. Nothing is ever fetched from an address.
    """
    from anyassistant_tools.schema_check import UnusableSchemaError, check_by_draft, check_references

    plain, tried = _as_json(schema, tool), _as_json(schema, tool)
    draft = _draft_of(plain)
    try:
        check_by_draft(plain, draft)
        check_references(plain, draft)
        drop_foreign_patterns(tried, draft)
        list(_make_validator(tried, draft).iter_errors({}))
    except UnusableSchemaError as error:
        raise _definition_error(tool, str(error)) from None
    except RecursionError:
        raise _definition_error(tool, "it is nested too deeply") from None
    kind = plain.get("type", "object")
    if kind != "object" and not (is_json_array(kind) and "object" in kind):
        raise _definition_error(tool, f'at type: arguments are an object, so it must be "object", not {shorten(kind)}')
    return plain


def _as_json(schema: Mapping[str, object], tool: str) -> dict[str, object]:
    """Give the schema in plain containers, which are the only ones that `jsonschema` knows, and as a copy."""
    try:
        plain = from_json(to_json_text(schema))
    except (ValueError, TypeError, RecursionError) as error:
        raise _definition_error(tool, f"it is no JSON ({error})") from error
    if not is_json_object(plain):
        raise _definition_error(tool, f"it must be a JSON object, but is {shorten(plain)}")
    return plain


def _draft_of(schema: dict[str, object]) -> "type[Validator]":
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    named = isinstance(schema.get("$schema"), str)
    return _with_quick_unique_items(
        validator_for(schema, default=Draft202012Validator) if named else Draft202012Validator
    )


def _make_validator(schema: dict[str, object], draft: "type[Validator]") -> "Validator":
    from jsonschema import FormatChecker
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # it says nothing of its types

    # What a regular expression is differs between languages, and Python warns of some: that one is not checked.
    formats = FormatChecker(())
    formats.checkers = {name: check for name, check in draft.FORMAT_CHECKER.checkers.items() if name != "regex"}
    # The registry is what keeps it from fetching what a `$ref` names: unless given one, it asks the network.
    return draft(schema, registry=REGISTRY, format_checker=formats)


@cache
def _with_quick_unique_items(draft: "type[Validator]") -> "type[Validator]":
    """Give a validator that does not compare each item with each: 64 KB of an array would take it 6 s."""
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def unique_items(
        validator: "Validator", asked: bool, items: object, _schema: object
    ) -> "Iterator[ValidationError]":
        if asked and is_json_array(items) and len(set(map(_hashable, items))) < len(items):
            yield ValidationError("an item is given twice")

    # jsonschema says nothing of its types
    quick: type[Validator] = extend(draft, {"uniqueItems": unique_items})  # type: ignore[no-untyped-call]
    return quick


def _hashable(value: object) -> object:
    """Give what is equal for values that are equal as JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool):
        return bool, value
    if is_json_array(value):
        return list, tuple(map(_hashable, value))
    if is_json_object(value):
        return dict, frozenset((name, _hashable(item)) for name, item in value.items())
    return value


def _definition_error(tool: str, what: str) -> ToolDefinitionError:
    return ToolDefinitionError(f"The JSON Schema of the arguments of {tool} cannot be used: {what}.", tool=tool)
