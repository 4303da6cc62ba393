"""Tools as providers get them, and what of their schemas that changes."""

from collections.abc import Mapping, Sequence

from anyassistant_tools import Tool, ToolDefinitionError
from anyassistant_tools.lowering import Lowered, Target, lower
from rich.console import Console

from .console import notices
from .json_lines import print_json
from .plain import one_line

STYLES = {"kept": "green", "rewritten": "cyan", "weakened": "yellow"}


def lower_tool(tool: Tool, target: Target) -> Lowered:
    """A tool's schema in the form that a provider accepts.

    Raises:
        ToolDefinitionError: It cannot be carried; the message names the tool.
    """
    try:
        return lower(tool.parameters, target)
    except ToolDefinitionError as error:
        raise ToolDefinitionError(f"{tool.name} has no form for {target}: {error}", tool=tool.name) from error


def print_lowered(tools: Sequence[tuple[Tool, Lowered]], *, json: bool) -> None:
    """Print the schemas or grammars, and the report where people read it: in a pipe it goes to standard error."""
    if json:
        objects = [_to_json(tool, lowered) for tool, lowered in tools]
        print_json(objects[0] if len(objects) == 1 else objects)
        return
    if all(lowered.grammar is not None for _, lowered in tools):
        _print_grammars(tools)
    else:
        specs = [
            {"name": tool.name, "description": tool.description, "parameters": lowered.schema}
            for tool, lowered in tools
        ]
        print_json(specs[0] if len(specs) == 1 else specs, indented=True)
    console = notices(json=False)
    for tool, lowered in tools:
        _report(console, tool, lowered)


def _print_grammars(tools: Sequence[tuple[Tool, Lowered]]) -> None:
    for tool, lowered in tools:
        if len(tools) > 1:
            print(f"# {tool.name}")
        print(lowered.grammar, end="", flush=True)


def _report(console: Console, tool: Tool, lowered: Lowered) -> None:
    console.print(f"{tool.name} for {lowered.target}: ", style="bold", end="")
    if not lowered.report:
        console.print("everything is kept", style=STYLES["kept"])
        return
    console.print(_summary(lowered))
    lines = [("kept", name, "") for name in lowered.kept]
    lines += [(change.kind, change.path, change.what) for change in lowered.report]
    width = max(len(path) for _, path, _ in lines)
    for kind, path, what in lines:
        console.print(f"  {kind.ljust(9)}  ", style=STYLES[kind], end="")
        console.print(f"{one_line(path).ljust(width)}  {one_line(what)}".rstrip())


def _summary(lowered: Lowered) -> str:
    kinds = [change.kind for change in lowered.report]
    counts = [("kept", len(lowered.kept))] + [(kind, kinds.count(kind)) for kind in ("rewritten", "weakened")]
    return ", ".join(f"{count} {kind}" for kind, count in counts if count)


def _to_json(tool: Tool, lowered: Lowered) -> Mapping[str, object]:
    return {
        "name": tool.name,
        "description": tool.description,
        "target": lowered.target,
        "schema": lowered.schema,
        "grammar": lowered.grammar,
        "kept": list(lowered.kept),
        "report": [{"path": one.path, "kind": one.kind, "what": one.what} for one in lowered.report],
    }
