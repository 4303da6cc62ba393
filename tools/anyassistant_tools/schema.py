"""From parameters to a JSON Schema and to the validator that holds arguments against it.

Everything heavy of pydantic is imported with this module, so it is itself imported when a schema is first asked for.
The parameters become one `typed-dict` core schema, not a generated class: they may be called `schema` or `json`.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import (
    CoreSchema,
    PydanticCustomError,
    PydanticSerializationError,
    SchemaValidator,
    ValidationError,
    core_schema,
    from_json,
    to_json,
)

from anyassistant_tools.annotations import rebuild
from anyassistant_tools.describable import refusal
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.json_text import to_json_text
from anyassistant_tools.signature import MISSING, Parameter

_REASONS = (PydanticUserError, TypeError, AttributeError, ImportError, NameError)
"""What pydantic raises for a type that it cannot take."""

_CONFIG = ConfigDict(val_json_bytes="base64", ser_json_bytes="base64", allow_inf_nan=False)
_CORE_CONFIG = core_schema.CoreConfig(val_json_bytes="base64", allow_inf_nan=False)  # a typed dict inherits none


class ParametersSchema:
    """The JSON Schema and the validator of one callable's parameters.

    Args:
        parameters: The callable's parameters.
        descriptions: What a docstring says about them, by name; what an annotation says goes before it.
        tool: The tool's name, for the error.

    Attributes:
        json_schema: JSON Schema, draft 2020-12, of the object of arguments.
        validator: Validates the JSON text of that object, and gives the arguments that were in it, by name.
        omissible: The names of the parameters that have a default.
        factories: For parameters whose default is written as `Field(...)`, what makes it at each call.

    Raises:
        ToolDefinitionError: The type of a parameter cannot be validated or described.
    """

    json_schema: Mapping[str, object]
    validator: SchemaValidator
    omissible: frozenset[str]
    factories: Mapping[str, Callable[[], object]]

    def __init__(self, parameters: Sequence[Parameter], descriptions: Mapping[str, str], *, tool: str) -> None:
        fields = [_Field(parameter) for parameter in parameters]
        try:
            adapter = _build(fields)
            json_schema = adapter.json_schema(schema_generator=WithoutTitles)
        except _REASONS as error:
            raise _definition_error(fields, tool, error) from error
        # pydantic's plugins alone make it another.
        self.validator = adapter.validator  # type: ignore[assignment]  # pyright: ignore
        properties = json_schema.setdefault("properties", {})
        defaults = _defaults(fields, self.validator)
        for field in fields:
            name = field.parameter.name
            if field.parameter.kind is inspect.Parameter.VAR_KEYWORD:
                for excluded in field.parameter.excluded:
                    properties.pop(excluded, None)
                rest = json_schema["additionalProperties"]  # true, or what the others are
                entry = json_schema["additionalProperties"] = {} if rest is True else rest
            else:
                entry = properties[name]
            if "description" not in entry and (description := _description(field, descriptions)):
                entry["description"] = description
            if name in defaults:
                entry["default"] = defaults[name]
        if json_schema.get("additionalProperties") == {}:
            json_schema["additionalProperties"] = True
        self.json_schema = json_schema
        self.omissible = frozenset(field.parameter.name for field in fields if not field.is_required)
        self.factories = {field.parameter.name: field.factory for field in fields if field.factory is not None}


class _Field:
    """A parameter as pydantic is to see it: its type, and whether it may be left out."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.default = parameter.default
        self.factory: Callable[[], object] | None = None
        base: Any = Any if parameter.annotation is MISSING else parameter.annotation
        metadata: list[object] = []
        if get_origin(base) is Annotated:
            base, *metadata = get_args(base)
        if isinstance(parameter.default, FieldInfo):  # def f(x: int = Field(3, ge=1))
            metadata.append(parameter.default)
            self.default = MISSING
        has_own_default = self.default is not MISSING
        said: list[object] = []
        for item in metadata:
            if isinstance(item, FieldInfo):
                said += _without_default(item)
                if not has_own_default and not item.is_required():
                    self.default = item.get_default()
                    self.factory = partial(item.get_default, call_default_factory=True, validated_data={})
            else:
                said.append(item)
        base = rebuild(base, _with_description)
        self.type: Any = Annotated[base, *said] if said else base
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            self.type = GenericAlias(list, (self.type,))

    @property
    def is_required(self) -> bool:
        variadic = self.parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return self.default is MISSING and not variadic and not self.parameter.is_omissible


def _with_description(part: Any) -> Any:
    """Give a part of a type with the text in its `Annotated[...]` as pydantic takes descriptions."""
    if get_origin(part) is not Annotated:
        return part
    metadata = get_args(part)[1:]
    text = next((item for item in metadata if isinstance(item, str)), None)
    if text is None or any(isinstance(item, FieldInfo) and item.description for item in metadata):
        return part
    return Annotated[part, Field(description=text)]


def _without_default(field: FieldInfo) -> list[object]:
    """Give what a `Field(...)` says about the type alone: the default is ours, and an alias has no meaning here."""
    said = {
        "title": field.title,
        "description": field.description,
        "examples": field.examples,
        "json_schema_extra": field.json_schema_extra,
        "discriminator": field.discriminator,
    }
    said = {name: value for name, value in said.items() if value is not None}
    # by keyword, where each has a type of its own
    return [*field.metadata, Field(**said)] if said else list(field.metadata)  # type: ignore[call-overload]


def _refuse(_value: object) -> object:
    raise PydanticCustomError("extra_forbidden", "unknown argument")


_UNKNOWN = core_schema.no_info_before_validator_function(_refuse, core_schema.any_schema())
"""Takes no value: for a name that is not among the arguments, and that `**kwargs` must not hold either."""


class _TypedDictOf:
    """Stands in an annotation for the object of arguments, and describes it to pydantic."""

    def __init__(self, fields: Sequence[_Field]) -> None:
        self._fields = fields

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        entries: dict[str, core_schema.TypedDictField] = {}
        extras: CoreSchema | None = None
        for field in self._fields:
            schema = handler.generate_schema(field.type)
            if field.parameter.kind is inspect.Parameter.VAR_KEYWORD:
                extras = schema
                for name in field.parameter.excluded - entries.keys():
                    entries[name] = core_schema.typed_dict_field(_UNKNOWN, required=False)
            else:
                entries[field.parameter.name] = core_schema.typed_dict_field(schema, required=field.is_required)
        if extras is None:
            return core_schema.typed_dict_schema(entries, extra_behavior="forbid", config=_CORE_CONFIG)
        return core_schema.typed_dict_schema(entries, extra_behavior="allow", extras_schema=extras, config=_CORE_CONFIG)


class WithoutTitles(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from names, for which a model pays and learns nothing.

    The defaults in it are as those of parameters are, and what has no JSON form is left out without a warning.
    """

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012  # pydantic's own: never changed
        "skipped-choice",
        "non-serializable-default",
    }

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def bytes_schema(self, schema: core_schema.BytesSchema) -> dict[str, Any]:
        json_schema = super().bytes_schema(schema)
        if json_schema.get("format") == "base64url":  # both alphabets are taken, and results are the standard one
            json_schema["format"] = "base64"
        return json_schema

    def encode_default(self, dft: Any) -> Any:
        try:
            if isinstance(dft, float) and not math.isfinite(dft):
                raise ValueError(f"{dft} is no JSON")
            return from_json(to_json_text(dft))
        except (ValueError, TypeError, RecursionError) as error:
            raise PydanticSerializationError(str(error)) from error  # what it leaves a default out for

    def sort(self, value: dict[str, Any], parent_key: str | None = None) -> dict[str, Any]:
        return value  # in the order in which they were declared


def _build(fields: Sequence[_Field]) -> TypeAdapter[dict[str, object]]:
    return TypeAdapter(Annotated[dict[str, object], _TypedDictOf(fields)], config=_CONFIG)


def _defaults(fields: Sequence[_Field], validator: SchemaValidator) -> dict[str, object]:
    """Give the defaults, as JSON, that the types of their parameters take.

    Of the others (one without a JSON form, the `None` of an `int`) it is enough for a model that they may be left out.
    """
    defaults: dict[str, object] = {}
    for field in fields:
        if field.default is not MISSING:
            with suppress(ValueError, TypeError, RecursionError):
                defaults[field.parameter.name] = from_json(to_json_text(field.default))
    try:
        validator.validate_json(to_json(defaults), strict=True)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            if one["type"] != "missing" or len(one["loc"]) > 1:
                defaults.pop(str(one["loc"][0]) if one["loc"] else "", None)
    except Exception:  # a validator of the user's may raise anything, and the default is not given to it anyway  # noqa: BLE001
        return defaults
    return defaults


def _description(field: _Field, descriptions: Mapping[str, str]) -> str | None:
    if get_origin(field.parameter.annotation) is Annotated:
        for item in get_args(field.parameter.annotation)[1:]:
            if isinstance(item, str):
                return item
    return descriptions.get(field.parameter.name)


def _definition_error(fields: Sequence[_Field], tool: str, error: Exception) -> ToolDefinitionError:
    """Find out which parameter it is, and say so."""
    for field in fields:
        try:
            _build([field]).json_schema()
        except _REASONS as own_error:
            return refusal(tool, field.parameter.name, field.parameter.annotation, own_error)
    return ToolDefinitionError(f"The parameters of {tool} cannot be described: {error}", tool=tool)
