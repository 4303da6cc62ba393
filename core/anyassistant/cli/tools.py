"""`anyassistant tools`: functions as a model sees them."""

import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from traceback import format_exception
from typing import Annotated

import anyio
from anyassistant_tools import RunContext, Tool, ToolResult, Toolset
from anyassistant_tools.lowering import Target
from cyclopts import App, Parameter

from ..errors import AnyAssistantError, ToolArgumentsError, ToolDefinitionError
from ..types import ToolSpec
from .deps import load_deps
from .failures import CommandFailed
from .json_lines import print_json
from .loading import as_toolset, the_only
from .lowered import lower_tool, print_lowered
from .missing_deps import HINT, looks_for_deps
from .options import Deps, Json
from .plain import one_line, printable
from .progress import describe_progress
from .tables import print_table

app = App(
    name="tools",
    help="Your functions as a model sees them.",
    help_epilogue="""Examples:

    anyassistant tools list anyassistant.cli.shop
    anyassistant tools schema anyassistant.cli.shop:order_item
    anyassistant tools schema anyassistant.cli.shop --for openai-strict
    anyassistant tools call anyassistant.cli.shop:order_item '{"item_id": "sg-1"}'""",
)


@app.command(name="list")
def list_tools(reference: str, /, *, json: Json = False) -> None:
    """List the tools of a module, of a list or toolset in it, or of an installed toolset.

    Args:
        reference: MODULE or MODULE:NAME, from the current directory or installed; or the name of a toolset.
        json: For machines: the tools as a model gets them.
    """
    tools = _read(reference)
    if json:
        print_json([_spec(tool).to_wire() for tool in tools])
        return
    rows = [(tool.name, _parameters(tool), _how(tool), one_line(tool.description)) for tool in tools]
    print_table(("tool", "parameters", "how", "description"), rows, optional="how")


@app.command
def schema(
    reference: str, /, *, target: Annotated[Target | None, Parameter(name="--for")] = None, json: Json = False
) -> None:
    """Print a tool as a model gets it: name, description and the JSON Schema of its parameters.

    Args:
        reference: MODULE:NAME, from the current directory or installed; with --for, of several tools too.
        target: Print what a provider gets, and report what of the schema was kept, rewritten or weakened for it.
        json: For machines: on one line; with --for it has the `report` in it.
    """
    tools = _read(reference)
    if target is None:
        print_json(asdict(_spec(the_only(tools, reference))), indented=not json)
        return
    print_lowered([(tool, lower_tool(tool, target)) for tool in tools], json=json)


@app.command
def call(
    reference: str,
    arguments: Annotated[str, Parameter(allow_leading_hyphen=True)] = "{}",
    /,
    *,
    deps: Deps = None,
    json: Json = False,
) -> None:
    """Call a tool as a model would, and print what the model would be told.

    You call it yourself, so that nobody is asked for an approval.

    Args:
        reference: MODULE:NAME, from the current directory or installed.
        arguments: A JSON object; - reads it from standard input.
        json: For machines: an object with `name`, `output` and `error`; with `metadata` and `images`, as base64, where
            the tool gives any.
    """
    toolset = as_toolset(reference)
    context = RunContext[object](deps=load_deps(deps), on_progress=_tell)
    text = sys.stdin.read() if arguments == "-" else arguments
    called = anyio.run(_call, toolset, text, context)
    if json:
        problem = None if called.error is None else _describe(called.error)
        output = None if called.result is None else called.result.content
        print_json({"name": called.name, "output": output, "error": problem, **_beside(called.result)})
    if called.error is not None:
        raise CommandFailed(_failure(called.name, called.error, has_deps=deps is not None)) from called.error
    if called.result is not None and not json:
        print(printable(called.result.content) if sys.stdout.isatty() else called.result.content)


@dataclass(frozen=True, slots=True)
class _Called:
    """What came of a call: its result, or what the tool raised."""

    name: str
    result: ToolResult | None = None
    error: Exception | None = None


async def _call(toolset: Toolset, arguments: str, context: RunContext[object]) -> _Called:
    """Call the one tool of a toolset.

    Raises:
        ToolArgumentsError: The arguments do not fit.
        ToolDefinitionError: Nothing here runs it.
    """
    async with toolset.open() as tools:
        tool = the_only(tools, toolset.name)
        try:
            return _Called(tool.name, await tool.call(arguments, context=context))
        except (ToolArgumentsError, ToolDefinitionError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the tool raised
            return _Called(tool.name, error=error)


def _tell(progress: object) -> None:
    """Show how far a tool is; from any thread."""
    print(f"… {describe_progress(progress)}", file=sys.stderr, flush=True)


def _beside(result: ToolResult | None) -> Mapping[str, object]:
    """What a result has beside its text."""
    beside: dict[str, object] = {}
    if result is not None and result.metadata:
        beside["metadata"] = result.metadata
    if result is not None and result.images:
        beside["images"] = [b64encode(image).decode() for image in result.images]
    return beside


def _failure(name: str, error: Exception, *, has_deps: bool) -> str:
    says = _describe(error)
    if not says.startswith(f"{name} "):  # which a time-out says itself
        says = f"{name} failed: {says}"
    if has_deps or not looks_for_deps("".join(format_exception(error))):
        return says
    return f"{says.rstrip('.')}. {HINT}"


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, AnyAssistantError) else f"{type(error).__name__}: {error}"


def _read(reference: str) -> Sequence[Tool]:
    """The tools that a reference names; a toolset that has to be opened is open while they are read."""
    toolset = as_toolset(reference)
    if not toolset.needs_opening:
        return toolset.tools

    async def read() -> Sequence[Tool]:
        async with toolset.open() as tools:
            return list(tools)

    return anyio.run(read)


def _spec(tool: Tool) -> ToolSpec:
    return ToolSpec(tool.name, tool.description, tool.parameters)


def _how(tool: Tool) -> str:
    """What is special about calling it."""
    approval = tool.settings.requires_approval
    asks = "needs approval" if approval is True else "may need approval" if approval is not False else ""
    return ", ".join(filter(None, (asks, "" if tool.can_run else "nothing here runs it")))


def _parameters(tool: Tool) -> str:
    properties = tool.parameters.get("properties")
    required = tool.parameters.get("required")
    names = list(properties) if isinstance(properties, Mapping) else []
    needed = required if isinstance(required, list) else []
    return ", ".join(name if name in needed else f"[{name}]" for name in names) or "-"
