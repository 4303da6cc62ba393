"""`docs/reference.md` against the code, in both directions: what the one names the other has."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import get_args

import anyassistant
import anyassistant_tools
import pytest
from anyassistant import (
    Assistant,
    Assistants,
    AsyncAssistant,
    AsyncAssistants,
    AsyncClient,
    AsyncFiles,
    AsyncPaginator,
    AsyncRun,
    AsyncRuns,
    AsyncThread,
    AsyncThreads,
    AsyncVectorStores,
    Client,
    Files,
    Paginator,
    Run,
    Runs,
    Thread,
    Threads,
    VectorStores,
    errors,
    types,
)
from anyassistant.client import AssistantOptions, RunOptions
from anyassistant.types import events
from anyassistant.types.messages import MessageIncompleteDetails
from anyassistant_tools import CancelToken, RunContext, Tool, ToolResult, Toolset, lowering, mcp
from anyassistant_tools.lowering import Lowered, lower
from anyassistant_tools.mcp import MCPToolset
from anyassistant_tools.options import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")

HANDLES: dict[str, tuple[type, type]] = {
    "Client": (Client, AsyncClient),
    "client.assistants": (Assistants, AsyncAssistants),
    "Assistant": (Assistant, AsyncAssistant),
    "client.threads": (Threads, AsyncThreads),
    "Thread": (Thread, AsyncThread),
    "client.runs": (Runs, AsyncRuns),
    "Run": (Run, AsyncRun),
    "client.files": (Files, AsyncFiles),
    "client.vector_stores": (VectorStores, AsyncVectorStores),
    "Lists": (Paginator, AsyncPaginator),
}
BETWEEN_HANDLES = frozenset({"inner", "bound_tools", "run_tools", "resume_as", "pages"})
"""Names that the handles have for each other."""
ONLY_ASYNC = {"close": "aclose"}

TOOL_CLASSES: dict[str, type] = {
    "Tool": Tool,
    "Toolset": Toolset,
    "RunContext": RunContext,
    "CancelToken": CancelToken,
    "MCPToolset": MCPToolset,
}
BETWEEN_TOOLS = {RunContext: {"for_one_try"}, MCPToolset: {"needs_opening"}}
"""Names that the classes of tools have for each other, or from each other."""

REQUEST_ERRORS = frozenset({"InvalidRequest", "NotFound", "UnsupportedCapability"})
FAILURES = frozenset({"ProviderError", "LastError", "failed"})


def section(heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no section {heading!r}"
    return found[1]


def first_cells(text: str) -> Iterator[str]:
    """The code spans in the first column of the tables."""
    for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE):
        yield from re.findall(r"`([^`]+)`", row)


def table_after(text: str) -> set[str]:
    """The code spans in the first column of the first table behind a text."""
    table = re.search(r"^\|.*?(?=\n\n|\Z)", PAGE[PAGE.index(text) :], re.MULTILINE | re.DOTALL)
    assert table is not None
    return set(first_cells(table[0]))


def rows_of_calls(heading: str) -> Iterator[tuple[str, str | None]]:
    """The names in a section's table of calls, with their signatures where they are called."""
    text = section(heading)
    for cell in first_cells(text[text.index("| call |") :]):
        if cell.startswith("for "):
            continue
        name, has_arguments, arguments = cell.partition("(")
        yield name, "(" + arguments if has_arguments else None


def normal(signature: str) -> str:
    return ast.unparse(ast.parse(f"def f{signature}: pass"))


def signature_of(function: object) -> str:
    """A signature without `self` and types."""
    assert callable(function)
    whole = inspect.signature(function)
    bare = [one.replace(annotation=one.empty) for one in whole.parameters.values() if one.name != "self"]
    return normal(str(whole.replace(parameters=bare, return_annotation=whole.empty)))


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("heading", HANDLES)
def test_the_page_has_each_call_with_its_arguments_and_defaults(heading: str) -> None:
    blocking, awaited = HANDLES[heading]
    rows = dict(rows_of_calls(heading))
    assert set(rows) == public(blocking) - BETWEEN_HANDLES
    assert {ONLY_ASYNC.get(name, name) for name in rows} == public(awaited) - BETWEEN_HANDLES
    for name, written in rows.items():
        for kind, own in ((blocking, name), (awaited, ONLY_ASYNC.get(name, name))):
            found = inspect.getattr_static(kind, own)
            if written is None:
                assert isinstance(found, property), f"{kind.__name__}.{own} is called"
            else:
                assert normal(written) == signature_of(found), f"{kind.__name__}.{own}"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_page_has_the_arguments_of_a_client(kind: type) -> None:
    written = re.search(r"^`Client(\(.*\))`$", section("Client"), re.MULTILINE)
    assert written is not None
    assert normal(written[1]) == signature_of(kind)
    assert table_after(written[0]) == set(inspect.signature(kind).parameters)


def test_the_page_has_the_ways_to_make_an_image() -> None:
    rows = dict(rows_of_calls("Content"))
    made = {name for name, found in vars(types.Image).items() if isinstance(found, classmethod)}
    assert set(rows) == {f"Image.{name}" for name in made}
    for name, written in rows.items():
        assert normal(str(written)) == signature_of(getattr(types.Image, name.partition(".")[2]))


def test_the_page_has_each_option() -> None:
    assert set(first_cells(section("Options of an assistant"))) == AssistantOptions.__optional_keys__
    assert set(first_cells(section("Options of a run"))) == RunOptions.__optional_keys__ | {"response_format"}


def test_the_page_has_the_options_of_a_tool_with_their_defaults() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `(.*)` \|$", section("Options of a tool"), re.MULTILINE))
    assert rows == {field.name: repr(getattr(Settings(), field.name)) for field in fields(Settings)}
    assert set(first_cells(section("Options of a tool"))) == anyassistant_tools.ToolOptions.__optional_keys__


@pytest.mark.parametrize("heading", TOOL_CLASSES)
def test_the_page_has_each_call_of_a_class_of_tools(heading: str) -> None:
    kind = TOOL_CLASSES[heading]
    rows = {name.removeprefix("await "): arguments for name, arguments in rows_of_calls(heading)}
    if (written := rows.pop(heading, None)) is not None:
        assert normal(written) == signature_of(kind)
    rows = {name.removeprefix(f"{heading}."): arguments for name, arguments in rows.items()}
    stated = {name for name in inspect.get_annotations(kind) if not name.startswith("_")}
    assert set(rows) == (public(kind) | stated) - BETWEEN_TOOLS.get(kind, set())
    for name, written in rows.items():
        found = getattr(kind, name, None)
        if written is None:
            assert not isinstance(found, FunctionType | MethodType), f"{heading}.{name} is called"
        else:
            assert normal(written) == signature_of(found), f"{heading}.{name}"


def test_the_page_says_what_of_a_tool_is_awaited() -> None:
    awaited = {name.removeprefix("await ") for name, _ in rows_of_calls("Tool") if name.startswith("await ")}
    assert awaited == {name for name, found in vars(Tool).items() if inspect.iscoroutinefunction(found)} - {"_call"}


@pytest.mark.parametrize("kind", [RunContext, ToolResult])
def test_the_page_has_the_arguments_of_what_apps_make(kind: type) -> None:
    written = re.search(rf"^`{kind.__name__}(\(.*\))`", section(kind.__name__), re.MULTILINE)
    assert written is not None
    assert normal(written[1]) == signature_of(kind)


def test_the_page_has_the_fields_of_a_tools_result_and_of_a_lowering() -> None:
    assert set(first_cells(section("ToolResult"))) == {field.name for field in fields(ToolResult)}
    rows = {cell.partition("(")[0] for cell in first_cells(section("lower"))}
    assert rows == {name for name in {*public(Lowered), *Lowered.__slots__} if not name.startswith("_")}
    assert "`lower(schema, target)`" in section("lower")
    assert normal("(schema, target)") == signature_of(lower)
    for target in get_args(lowering.Target):
        assert f'`"{target}"`' in section("lower")


def test_the_page_has_each_function_of_tools() -> None:
    rows = dict(rows_of_calls("Functions"))
    found = {name: getattr(anyassistant_tools, name) for name in anyassistant_tools.__all__}
    functions = {name for name, one in found.items() if inspect.isfunction(one)} - {"tool"}
    assert set(rows) == functions
    for name, written in rows.items():
        assert normal(str(written)) == signature_of(found[name])


@pytest.mark.parametrize("package", [anyassistant, anyassistant_tools, lowering, mcp])
def test_each_public_name_is_on_this_page_or_that_of_the_errors(package: ModuleType) -> None:
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", PAGE) + re.findall(r"─ (\w+)", ERRORS))))
    shown = {name for name in package.__all__ if name not in named}
    assert shown == set()


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    tree = re.findall(r"^((?:│   )?)[├└]── (\w+)(?:.*\(also an? (\w+)\))?", ERRORS, re.MULTILINE)
    found = {**{name: getattr(errors, name) for name in errors.__all__}, **vars(mcp)}
    parent = "AnyAssistantError"
    for indent, name, also in tree:
        kind = found[name]
        above = parent if indent else "AnyAssistantError"
        assert issubclass(kind, found[above])
        assert also in [base.__name__ for base in kind.__bases__] or not also
        parent = parent if indent else name
    assert {name for _, name, _ in tree} == {*errors.__all__, *mcp.__all__} - {"AnyAssistantError", "MCPToolset"}


def test_the_page_has_the_limits_with_their_defaults() -> None:
    assert repr(types.Limits()) in section("Options of a run")


def test_the_page_has_each_event_with_its_class() -> None:
    written: dict[str, set[str]] = {}
    for names, kind in re.findall(r"^\| (`.*?) \| `(\w+)` \|", section("Events"), re.MULTILINE):
        written.setdefault(kind, set()).update(re.findall(r"`([^`]+)`", names))
    existing: dict[str, set[str]] = {}
    for kind in get_args(types.Event):
        hints = inspect.get_annotations(kind, eval_str=True, locals=vars(events))
        existing[kind.__name__] = set(get_args(hints["event"]))
    assert written == existing


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ([types.RunResult], "`RunResult`, what `result()` gives:"),
        ([types.RunRecord], "\n`RunRecord`:\n"),
        ([types.RunStep], "\n`RunStep`:\n"),
        ([types.Message], "\n`Message`:\n"),
        ([types.ToolCall, types.PendingCall], "`ToolCall`, and `PendingCall` with one field more:"),
        ([types.Decision], "\n`Decision`:\n"),
        ([types.AssistantRecord], "\n`AssistantRecord`:\n"),
        ([types.ThreadRecord], "\n`ThreadRecord`:\n"),
        ([types.FileRecord], "\n`FileRecord`:\n"),
        ([types.VectorStoreRecord, types.VectorStoreFile], "\n`VectorStoreRecord`, `VectorStoreFile`:\n"),
        (
            [types.Usage, types.LastError, types.ToolSpec, types.HostedTool],
            "`Usage`, `LastError`, `ToolSpec`, `HostedTool`:",
        ),
    ],
)
def test_the_page_has_each_field_of_the_records(kinds: list[type], text: str) -> None:
    existing: set[str] = set()
    for kind in kinds:
        assert is_dataclass(kind)
        existing |= {field.name for field in fields(kind)}
        existing |= {name for name, found in inspect.getmembers(kind) if isinstance(found, property)}
    assert table_after(text) == existing


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (get_args(types.RunStatus), "| of a run |"),
        (get_args(types.StepStatus), "| of a step |"),
        (get_args(types.MessageStatus), "| of a message |"),
        (get_args(types.CallOutcome), "| outcome of a tool call |"),
        (get_args(types.IncompleteReason), "| reason of an incomplete run |"),
        (
            get_args(inspect.get_annotations(MessageIncompleteDetails, eval_str=True)["reason"]),
            "| reason of an incomplete message |",
        ),
    ],
)
def test_the_page_has_each_status_and_reason(values: tuple[str, ...], text: str) -> None:
    assert table_after(text) == set(values)


def test_the_page_has_each_code() -> None:
    requests, failures = codes_in_the_source()
    assert table_after("`InvalidRequest.code`; `param` says") == requests
    step_only = {"driver_lost"}
    assert table_after("`RunFailed.code`, which is") | step_only == failures
    assert "`driver_lost`" in section("Codes")


def test_names_that_the_page_imports_exist() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", PAGE[: PAGE.index("## Client")], re.MULTILINE))
    for name in re.findall(r"`(\w+)`", rows["anyassistant"]):
        assert name in anyassistant.__all__
    for name in re.findall(r"`(\w+)`", rows["anyassistant.types"]):
        assert name in types.__all__


def codes_in_the_source() -> tuple[set[str], set[str]]:
    """The codes that are given to errors of requests, and to failures of runs and providers."""
    requests: set[str] = {"unsupported_capability"}  # a default
    failures: set[str] = {"unsupported_capability"}  # a run that began fails with the error's own
    for folder in ("core/anyassistant", "providers/local/anyassistant_local"):
        for file in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if not isinstance(call, ast.Call):
                    continue
                called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                given = [one.value for one in call.keywords if one.arg == "code"] or call.args[:1]
                code = given[0].value if given and isinstance(given[0], ast.Constant) else None
                if isinstance(code, str) and " " not in code:
                    if called in REQUEST_ERRORS:
                        requests.add(code)
                    elif called in FAILURES:
                        failures.add(code)
    return requests, failures
