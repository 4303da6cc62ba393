"""What a tool consists of beside its name and settings: a callable, a given schema, or a pydantic model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from anyassistant_tools.calling import Arrangement, is_context
from anyassistant_tools.describable import check_describable
from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.execution import Execute, call_on_loop, check_executable, make_execute
from anyassistant_tools.options import Settings
from anyassistant_tools.schema_call import SchemaCall, check_schema_call
from anyassistant_tools.signature import MISSING, Parameter, docstring_of, read_parameters

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from anyassistant_tools.docstrings import Docstring
    from anyassistant_tools.model_reader import ModelReader
    from anyassistant_tools.schema import ParametersSchema

_VAR_KEYWORD = inspect.Parameter.VAR_KEYWORD


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a call needs, made once.

    Attributes:
        read: Validates the text of the arguments, and gives what they are in Python.
        execute: Makes the call.
    """

    read: Callable[[str], Any]
    execute: Execute


class Body(Protocol):
    """What a tool consists of.

    Attributes:
        can_run: Whether there is anything to call.
        takes_context: Whether it is given the call's `RunContext`.
    """

    can_run: bool
    takes_context: bool = False

    def describe(self) -> str:
        """What it says of itself."""
        ...

    def check(self, settings: Settings, *, tool: str) -> None:
        """Refuse settings that cannot be held; cheap.

        Raises:
            ToolDefinitionError: They cannot.
        """
        ...

    def parameters(self, *, tool: str) -> Mapping[str, object]:
        """The JSON Schema of the arguments."""
        ...

    def plan(self, settings: Settings, *, tool: str) -> Plan:
        """What reads a call's arguments and makes it, by these settings; where it cannot run, making it says so.

        Raises:
            ToolDefinitionError: A type in it has no JSON Schema.
        """
        ...

    @property
    def arguments(self) -> frozenset[str] | None:
        """The names of the arguments; None where the schema leaves them open."""
        ...

    def complete(self, values: Any, *, tool: str) -> Mapping[str, object]:
        """Arguments as they were read, by name, with the defaults of those that were left out."""
        ...


class CallableBody(Body):
    """A typed callable.

    Raises:
        ToolDefinitionError: It cannot become a tool.
    """

    can_run = True

    def __init__(self, fn: Callable[..., object], *, tool: str) -> None:
        self._fn = fn
        self._all = read_parameters(fn, tool=tool)
        self._contexts = [one.name for one in self._all if _is_context(one, tool)]
        self.takes_context = bool(self._contexts)
        self._parameters = [
            replace(one, excluded=one.excluded.union(self._contexts)) if one.kind is _VAR_KEYWORD else one
            for one in self._all
            if one.name not in self._contexts
        ]
        check_describable(self._parameters, tool=tool)

    def describe(self) -> str:
        said = self._docstring
        return "\n\n".join(filter(None, (said.description, said.returns and f"Returns: {said.returns}")))

    def check(self, settings: Settings, *, tool: str) -> None:
        check_executable(self._fn, settings, tool=tool)

    def parameters(self, *, tool: str) -> Mapping[str, object]:
        return self._schema(tool).json_schema

    def plan(self, settings: Settings, *, tool: str) -> Plan:
        from anyassistant_tools.arguments import ArgumentsReader

        schema = self._schema(tool)
        arrangement = Arrangement(self._all, self._contexts, schema.factories, tool=tool)
        execute = make_execute(self._fn, arrangement, settings, tool=tool)
        return Plan(ArgumentsReader(tool, schema).read, execute)

    @property
    def arguments(self) -> frozenset[str] | None:
        is_open = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in self._parameters)
        return None if is_open else frozenset(one.name for one in self._parameters)

    def complete(self, values: Any, *, tool: str) -> Mapping[str, object]:
        factories = self._schema(tool).factories
        defaults = {one.name: one.default for one in self._parameters if one.default is not MISSING}
        return {**defaults, **{name: make() for name, make in factories.items()}, **values}

    @cached_property
    def _docstring(self) -> Docstring:
        from anyassistant_tools.docstrings import parse_docstring

        return parse_docstring(docstring_of(self._fn), [parameter.name for parameter in self._parameters])

    def _schema(self, tool: str) -> ParametersSchema:
        if self._made is None:
            from anyassistant_tools.schema import ParametersSchema

            self._made = ParametersSchema(self._parameters, self._docstring.parameters, tool=tool)
        return self._made

    _made: ParametersSchema | None = None


class SchemaBody(Body):
    """A JSON Schema that somebody gave, and perhaps what runs it.

    Raises:
        ToolDefinitionError: It is no JSON Schema of an object, or what is to run it cannot.
    """

    def __init__(
        self, description: str, parameters: Mapping[str, object], call: SchemaCall | None, *, tool: str
    ) -> None:
        from anyassistant_tools.given_schema import check_schema

        if call is not None:
            check_schema_call(call, tool=tool)
        self._description = description
        self._parameters = check_schema(parameters, tool)  # a copy, whatever becomes of theirs
        self._call = call
        self.can_run = call is not None

    def describe(self) -> str:
        return self._description

    def check(self, settings: Settings, *, tool: str) -> None:
        if settings.isolate == "process":
            raise ToolDefinitionError(
                f"{tool} cannot run in a process of its own: what runs a tool of a schema is async, and is cancelled "
                "where it is.",
                tool=tool,
            )

    def parameters(self, *, tool: str) -> Mapping[str, object]:
        return self._parameters

    @property
    def arguments(self) -> frozenset[str] | None:
        return None

    def complete(self, values: Any, *, tool: str) -> Mapping[str, object]:
        return dict(values)

    def plan(self, settings: Settings, *, tool: str) -> Plan:
        from anyassistant_tools.given_schema import GivenSchemaReader

        execute = _cannot_run(tool) if self._call is None else call_on_loop(self._call, settings.timeout, tool)
        return Plan(GivenSchemaReader(tool, self._parameters).read, execute)


class ModelBody(Body):
    """A pydantic model, whose fields are the arguments; a call gives an instance.

    Raises:
        ToolDefinitionError: A field has a type without a JSON form.
    """

    can_run = False

    def __init__(self, model: type[BaseModel], *, tool: str) -> None:
        self._model = model
        self._readers: dict[str, ModelReader] = {}
        if model.__pydantic_complete__:  # else a type in it does not exist yet, and its first use will tell
            parameters = [
                Parameter(name, inspect.Parameter.KEYWORD_ONLY, _annotation_of(field), MISSING)
                for name, field in model.model_fields.items()
            ]
            check_describable(parameters, tool=tool)

    def describe(self) -> str:
        return inspect.cleandoc(self._model.__doc__ or "")

    def check(self, settings: Settings, *, tool: str) -> None:
        return

    def parameters(self, *, tool: str) -> Mapping[str, object]:
        return self._reader(tool).json_schema

    @property
    def arguments(self) -> frozenset[str] | None:
        return frozenset(self._model.model_fields)

    def complete(self, values: Any, *, tool: str) -> Mapping[str, object]:
        return dict(values)

    def plan(self, settings: Settings, *, tool: str) -> Plan:
        return Plan(self._reader(tool).read, _give_back)

    def _reader(self, tool: str) -> ModelReader:
        from anyassistant_tools.model_reader import ModelReader

        if tool not in self._readers:  # a tool under another name has the same body
            self._readers[tool] = ModelReader(self._model, tool=tool)
        return self._readers[tool]


def _is_context(parameter: Parameter, tool: str) -> bool:
    found = is_context(parameter.annotation)
    if found and parameter.kind in (inspect.Parameter.VAR_POSITIONAL, _VAR_KEYWORD):
        raise ToolDefinitionError(
            f"{tool} takes any number of RunContexts by {parameter.name!r}, and each call has one: write "
            "`ctx: RunContext`.",
            tool=tool,
            parameter=parameter.name,
        )
    return found


def _cannot_run(tool: str) -> Execute:
    async def execute(_values: object, _context: object, _threads: object) -> object:
        raise ToolDefinitionError(
            f"Nothing here runs {tool}: give from_schema a `call`, or answer its calls yourself.", tool=tool
        )

    return execute


async def _give_back(value: object, _context: object, _threads: object) -> object:
    return value


def _annotation_of(field: FieldInfo) -> object:
    """The type of a model's field as it was written."""
    annotation: object = field.annotation
    for item in field.metadata:
        annotation = Annotated[annotation, item]
    return annotation
