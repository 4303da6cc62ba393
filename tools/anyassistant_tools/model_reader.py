"""Tools that are a pydantic model: its fields are the arguments, an instance is what they become."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError

from anyassistant_tools.argument_text import ArgumentTextParser
from anyassistant_tools.complaints import describe_known
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.omitted_nulls import validate_without_needless_nulls
from anyassistant_tools.schema import WithoutTitles


class ModelReader:
    """Reads the arguments of one tool as an instance of a model.

    The text is taken as a callable's is, so is `null` for a default; the values as the model takes them. An argument
    that the model does not know is refused unless it says `extra="allow"`.

    Args:
        model: The model.
        tool: The tool's name, for the errors.

    Attributes:
        json_schema: JSON Schema, draft 2020-12, of the object of arguments.

    Raises:
        ToolDefinitionError: The model has no JSON Schema, or is no object in JSON.
    """

    json_schema: Mapping[str, object]

    def __init__(self, model: type[BaseModel], *, tool: str) -> None:
        try:
            schema = model.model_json_schema(schema_generator=WithoutTitles)
        except (PydanticUserError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise ToolDefinitionError(f"The model {tool} has no JSON Schema: {reason}", tool=tool) from error
        if (reference := schema.get("$ref")) is not None:  # of a recursive model
            schema = {**schema["$defs"][reference.removeprefix("#/$defs/")], "$defs": schema["$defs"]}
        if schema.get("type") != "object":
            raise ToolDefinitionError(f"The model {tool} is no JSON object, as arguments are.", tool=tool)
        properties = schema.setdefault("properties", {})
        self._takes_extras = model.model_config.get("extra") == "allow"
        self._known = frozenset(properties)
        self._omissible = self._known.difference(schema.get("required", ()))
        if not self._takes_extras:
            schema["additionalProperties"] = False
        self.json_schema = {key: value for key, value in schema.items() if key not in ("title", "description")}
        self._parser = ArgumentTextParser(tool, self.json_schema)
        self._adapter = TypeAdapter(model)

    def read(self, text: str) -> BaseModel:
        """Give the instance that the text holds.

        Raises:
            ToolArgumentsError: The text does not fit, for whatever reason.
        """
        given = self._parser.parse(text)
        unknown = [] if self._takes_extras else [name for name in given.values if name not in self._known]
        if unknown:
            known = describe_known(self.json_schema)
            raise self._parser.refusal(f"Unknown arguments ({known}): {', '.join(unknown[:10])}.")
        return validate_without_needless_nulls(
            given, self._adapter.validate_json, omissible=self._omissible, parser=self._parser
        )
