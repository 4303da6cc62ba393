"""`anyassistant tools`: functions as a model sees them."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import anyio
from anyassistant_tools import Tool
from cyclopts import App, Parameter

from ..errors import AnyAssistantError, ToolArgumentsError
from ..types import ToolSpec
from .failures import CommandFailed
from .json_lines import print_json
from .loading import load, load_one
from .options import Json
from .plain import one_line, printable
from .tables import print_table

app = App(
    name="tools",
    help="Your functions as a model sees them.",
    help_epilogue="""Examples:

    anyassistant tools list anyassistant.cli.shop
    anyassistant tools schema anyassistant.cli.shop:order_item
    anyassistant tools call anyassistant.cli.shop:order_item '{"item_id": "sg-1"}'""",
)


@app.command(name="list")
def list_tools(reference: str, /, *, json: Json = False) -> None:
    """List the tools of a module, or of a list in it.

    Args:
        reference: MODULE or MODULE:NAME, from the current directory or installed.
        json: For machines: the tools as a model gets them.
    """
    tools = load(reference)
    if json:
        print_json([_spec(tool).to_wire() for tool in tools])
        return
    rows = [(tool.name, _parameters(tool), one_line(tool.description)) for tool in tools]
    print_table(("tool", "parameters", "description"), rows)


@app.command
def schema(reference: str, /, *, json: Json = False) -> None:
    """Print a tool as a model gets it: name, description and the JSON Schema of its parameters.

    Args:
        reference: MODULE:NAME, from the current directory or installed.
        json: For machines: on one line.
    """
    print_json(asdict(_spec(load_one(reference))), indented=not json)


@app.command
def call(
    reference: str,
    arguments: Annotated[str, Parameter(allow_leading_hyphen=True)] = "{}",
    /,
    *,
    json: Json = False,
) -> None:
    """Call a tool as a model would, and print what the model would be told.

    Args:
        reference: MODULE:NAME, from the current directory or installed.
        arguments: A JSON object; - reads it from standard input.
        json: For machines: an object with `name`, `output` and `error`.
    """
    tool = load_one(reference)
    text = sys.stdin.read() if arguments == "-" else arguments
    try:
        output = anyio.run(_call, tool, text)
    except ToolArgumentsError:
        raise
    except Exception as error:
        problem = str(error) if isinstance(error, AnyAssistantError) else f"{type(error).__name__}: {error}"
        if json:
            print_json({"name": tool.name, "output": None, "error": problem})
        raise CommandFailed(f"{tool.name} failed: {problem}") from error
    if json:
        print_json({"name": tool.name, "output": output, "error": None})
    else:
        print(printable(output) if sys.stdout.isatty() else output)


async def _call(tool: Tool, arguments: str) -> str:
    return (await tool.call(arguments)).content


def _spec(tool: Tool) -> ToolSpec:
    return ToolSpec(tool.name, tool.description, tool.parameters)


def _parameters(tool: Tool) -> str:
    properties = tool.parameters.get("properties")
    required = tool.parameters.get("required")
    names = list(properties) if isinstance(properties, Mapping) else []
    needed = required if isinstance(required, list) else []
    return ", ".join(name if name in needed else f"[{name}]" for name in names) or "-"
