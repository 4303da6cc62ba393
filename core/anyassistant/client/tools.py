"""What an app hands in as tools, as specs for the model and callables for the executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anyassistant_tools import Tool, ToolDefinitionError, ToolLike, Toolset, validate_tool_name

from ..errors import InvalidRequest
from ..types import HostedTool, ToolSpec
from .checks import plain_json

MAX_TOOLS = 128
"""Tools of one assistant. Source: OpenAI Assistants v2 reference, `tools`."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Tools by name.

    Attributes:
        specs: All functions, in order, as the model is told.
        hosted: Those that the provider's service runs itself.
        bound: Those that are Tools here.
        unopened: Toolsets whose tools are known only when they are open; then the specs are not all there yet.
    """

    specs: Sequence[ToolSpec] = ()
    hosted: Sequence[HostedTool] = ()
    bound: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    unopened: Sequence[Toolset] = ()


def make_toolbox(
    tools: Sequence[ToolLike | HostedTool], *, opened: Mapping[Toolset, Sequence[Tool]] | None = None
) -> Toolbox:
    """Make specs and bindings of what an app hands in.

    Args:
        tools: What the app handed in.
        opened: The tools of the toolsets among them that had to be opened.

    Raises:
        InvalidRequest: Something is no tool, or two have one name; `param` says which.
        ToolDefinitionError: A callable cannot become a tool.
    """
    if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Sequence):
        raise InvalidRequest(
            f"`tools` must be a list of tools, not {type(tools).__name__}.", param="tools", code="invalid_value"
        )
    specs: list[ToolSpec] = []
    hosted: list[HostedTool] = []
    bound: dict[str, Tool] = {}
    seen: dict[str, str] = {}
    unopened: list[Toolset] = []
    for index, item in enumerate(tools):
        where = f"tools[{index}]"
        if (of_service := hosted_tool(item, where)) is not None:
            hosted.append(of_service)
            continue
        assert not isinstance(item, HostedTool)  # it was one of the service's
        if isinstance(item, Toolset) and item.needs_opening and item not in (opened or {}):
            unopened.append(item)
            continue
        for spec, tool in to_specs(item, where, opened):
            if spec.name in seen:
                raise InvalidRequest(
                    f"`{where}` has the name {spec.name!r}, and so has `{seen[spec.name]}`: a model could not "
                    "tell them apart. Give one of them another name.",
                    param=where,
                    code="duplicate_tool_name",
                )
            seen[spec.name] = where
            specs.append(spec)
            if tool is not None:
                bound[spec.name] = tool
    if len(specs) + len(hosted) > MAX_TOOLS:
        raise InvalidRequest(
            f"`tools` has {len(specs) + len(hosted)} tools; at most {MAX_TOOLS} are possible.",
            param="tools",
            code="too_many_tools",
        )
    return Toolbox(tuple(specs), tuple(hosted), bound, unopened)


def hosted_tool(item: ToolLike | HostedTool, where: str) -> HostedTool | None:
    """A tool that the provider's service runs, if it is one: on the wire, all that are no functions.

    Raises:
        InvalidRequest: What it is told is no JSON object.
    """
    if isinstance(item, HostedTool):
        plain_json(item.options, where)
        return item
    kind = item.get("type") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(kind, str) or kind in ("", "function"):
        return None
    options = item.get(kind) or {}
    if not isinstance(options, Mapping) or item.keys() - {"type", kind}:
        raise InvalidRequest(
            f'`{where}` must be {{"type": "{kind}"}} or {{"type": "{kind}", "{kind}": {{...}}}}.',
            param=where,
            code="invalid_tool",
        )
    return HostedTool(kind, plain_json(options, where))


def to_specs(
    item: ToolLike, where: str, opened: Mapping[Toolset, Sequence[Tool]] | None = None
) -> list[tuple[ToolSpec, Tool | None]]:
    """What one thing that was handed in stands for: what the model is told, and the Tool, if it is one here.

    Raises:
        InvalidRequest: It is no tool.
        ToolDefinitionError: It cannot become one.
    """
    if isinstance(item, Tool):
        return [(_spec_of(item), item)]
    if isinstance(item, Toolset):
        tools = (opened or {}).get(item)
        return [(_spec_of(tool), tool) for tool in (item.tools if tools is None else tools)]
    if isinstance(item, Mapping):
        return [(_wire_spec(item, where), None)]
    if callable(item):
        tool = Tool.from_callable(item)
        return [(_spec_of(tool), tool)]
    raise InvalidRequest(
        f"`{where}` is {type(item).__name__}: a tool is a typed function, a Tool, a Toolset, or a wire dict.",
        param=where,
        code="invalid_tool",
    )


def _spec_of(tool: Tool) -> ToolSpec:
    return ToolSpec(tool.name, tool.description, tool.parameters)


def _wire_spec(item: Mapping[str, object], where: str) -> ToolSpec:
    if item.get("type") != "function":
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
    parameters = function.get("parameters") or {}
    if not isinstance(parameters, Mapping):
        raise InvalidRequest(
            f"`{where}.function.parameters` must be a JSON Schema.", param=where, code="invalid_json_schema"
        )
    plain_json(function, where)
    schema = (
        _checked(plain_json(parameters, where), name, where) if parameters else {"type": "object", "properties": {}}
    )
    return ToolSpec(name, str(function.get("description") or ""), schema)


def _checked(schema: Mapping[str, object], name: str, where: str) -> Mapping[str, object]:
    """A schema that is held to what `Tool.from_schema` holds it to."""
    from anyassistant_tools.given_schema import check_schema  # with jsonschema, 150 ms

    try:
        return check_schema(schema, name)
    except ToolDefinitionError as error:
        raise InvalidRequest(f"`{where}`: {error}", param=where, code="invalid_json_schema") from error
