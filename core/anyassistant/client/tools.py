"""What an app hands in as tools, as specs for the model and callables for the executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anyassistant_tools import Tool, ToolDefinitionError, ToolLike, validate_tool_name

from ..errors import InvalidRequest, UnsupportedCapability
from ..types import ToolSpec
from .checks import plain_json

MAX_TOOLS = 128
"""Tools of one assistant. Source: OpenAI Assistants v2 reference, `tools`."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Tools by name.

    Attributes:
        specs: All of them, in order, as the model is told.
        bound: Those with a callable here.
    """

    specs: Sequence[ToolSpec] = ()
    bound: Mapping[str, Tool] = field(default_factory=dict[str, Tool])


def make_toolbox(tools: Sequence[ToolLike], *, param: str = "tools") -> Toolbox:
    """Make specs and bindings of what an app hands in.

    Raises:
        InvalidRequest: Something is no tool, or two have one name; `param` says which.
        ToolDefinitionError: A callable cannot become a tool.
    """
    if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Sequence):
        raise InvalidRequest(
            f"`{param}` must be a list of tools, not {type(tools).__name__}.", param=param, code="invalid_value"
        )
    if len(tools) > MAX_TOOLS:
        raise InvalidRequest(
            f"`{param}` has {len(tools)} tools; at most {MAX_TOOLS} are possible.", param=param, code="too_many_tools"
        )
    specs: list[ToolSpec] = []
    bound: dict[str, Tool] = {}
    seen: dict[str, int] = {}
    for index, item in enumerate(tools):
        where = f"{param}[{index}]"
        spec, tool = to_spec(item, where)
        if spec.name in seen:
            raise InvalidRequest(
                f"`{where}` has the name {spec.name!r}, and so has `{param}[{seen[spec.name]}]`: a model could not "
                "tell them apart. Give one of them another name.",
                param=where,
                code="duplicate_tool_name",
            )
        seen[spec.name] = index
        specs.append(spec)
        if tool is not None:
            bound[spec.name] = tool
    return Toolbox(tuple(specs), bound)


def to_spec(item: ToolLike, where: str) -> tuple[ToolSpec, Tool | None]:
    """One tool: what the model is told, and the callable, if there is one."""
    if isinstance(item, Tool):
        return _spec_of(item), item
    if isinstance(item, Mapping):
        return _wire_spec(item, where), None
    if callable(item):
        tool = Tool.from_callable(item)
        return _spec_of(tool), tool
    raise InvalidRequest(
        f"`{where}` is {type(item).__name__}: a tool is a typed function, a Tool, or a wire dict.",
        param=where,
        code="invalid_tool",
    )


def _spec_of(tool: Tool) -> ToolSpec:
    return ToolSpec(tool.name, tool.description, tool.parameters)


def _wire_spec(item: Mapping[str, object], where: str) -> ToolSpec:
    kind = item.get("type")
    if kind != "function":
        if isinstance(kind, str):
            raise UnsupportedCapability(
                f"`{where}` is of type {kind!r}: only functions can be called here.", capability=kind, param=where
            )
        raise InvalidRequest(f'`{where}` needs "type": "function".', param=where, code="invalid_tool")
    function = item.get("function")
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InvalidRequest(
            f'`{where}` needs "function": {{"name": ..., "description": ..., "parameters": ...}}.',
            param=where,
            code="invalid_tool",
        )
    try:
        name = validate_tool_name(function["name"])
    except ToolDefinitionError as error:
        raise InvalidRequest(f"`{where}`: {error}", param=where, code="invalid_tool_name") from error
    parameters = function.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, Mapping):
        raise InvalidRequest(
            f"`{where}.function.parameters` must be a JSON Schema.", param=where, code="invalid_json_schema"
        )
    plain_json(function, where)
    return ToolSpec(name, str(function.get("description") or ""), plain_json(parameters, where))
