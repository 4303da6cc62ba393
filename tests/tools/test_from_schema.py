"""Tools of a JSON Schema that somebody gave: with something that runs them, or without."""

import functools
import threading
from collections.abc import Awaitable, Generator, Iterator
from typing import Any
from unittest.mock import AsyncMock

import anyio
import anyio.lowlevel
import pytest
from anyassistant_tools import RunContext, Tool, ToolArgumentsError, ToolDefinitionError, ToolError, ToolResult

LOCATE: dict[str, object] = {
    "type": "object",
    "properties": {"user": {"type": "string", "minLength": 1}, "precise": {"type": "boolean"}},
    "required": ["user"],
    "additionalProperties": False,
}


async def locate(values: dict[str, object], context: RunContext[object] | None) -> object:
    await anyio.lowlevel.checkpoint()
    return {"user": values["user"], "deps": context and context.deps, "loop": threading.get_ident()}


def test_it_shows_what_it_was_given() -> None:
    tool = Tool.from_schema("locate", "Where a user is.", LOCATE, sequential=True)
    assert (tool.name, tool.description, tool.parameters) == ("locate", "Where a user is.", LOCATE)
    assert tool.settings.sequential
    assert not tool.can_run
    assert Tool.from_schema("locate", "", LOCATE, call=locate).can_run


async def test_what_runs_it_gets_the_validated_arguments_and_the_context_on_the_loop() -> None:
    tool = Tool.from_schema("locate", "", LOCATE, call=locate)
    result = await tool.call('{"user": "ann"}', context=RunContext(deps="app"))
    assert result.value == {"user": "ann", "deps": "app", "loop": threading.get_ident()}
    result = await tool.call('{"user": "ann"}')
    assert result.value == {"user": "ann", "deps": None, "loop": threading.get_ident()}


async def test_without_anything_that_runs_it_a_call_says_so_and_read_validates() -> None:
    tool = Tool.from_schema("locate", "", LOCATE)
    assert tool.read('{"user": "ann"}') == {"user": "ann"}
    with pytest.raises(ToolArgumentsError, match="locate was not called"):
        await tool.call("{}")
    with pytest.raises(ToolDefinitionError, match="Nothing here runs locate: give from_schema a `call`"):
        await tool.call('{"user": "ann"}')


@pytest.mark.parametrize("text", ["{}", '{"user": ""}', '{"user": "ann", "where": 1}', '{"user": "ann"', "[]", "5"])
async def test_arguments_that_do_not_fit_never_reach_it(text: str) -> None:
    called: list[object] = []

    async def never(values: dict[str, object], context: object) -> None:
        called.append(values)

    with pytest.raises(ToolArgumentsError, match=r"^locate was not called\. ") as caught:
        await Tool.from_schema("locate", "", LOCATE, call=never).call(text)
    assert (caught.value.tool, called) == ("locate", [])


async def test_its_results_and_errors_are_as_those_of_any_tool() -> None:
    own = ToolResult("shown", images=[b"png"])

    async def call(values: dict[str, Any], context: object) -> object:
        if values["user"] == "eve":
            raise ToolError("Not her.")
        return own

    tool = Tool.from_schema("locate", "", LOCATE, call=call)
    assert await tool.call('{"user": "ann"}') is own
    with pytest.raises(ToolError, match=r"^Not her\.$"):
        await tool.call('{"user": "eve"}')


async def test_it_may_be_an_async_generator() -> None:
    heard: list[object] = []

    async def steps(values: dict[str, object], context: object) -> Any:
        yield "looking"
        yield values["user"]

    tool = Tool.from_schema("locate", "", LOCATE, call=steps)
    result = await tool.call('{"user": "ann"}', context=RunContext(on_progress=heard.append))
    assert (result.content, heard) == ("ann", ["looking", "ann"])


async def test_a_time_out_cancels_its_token() -> None:
    async def hang(values: dict[str, object], context: RunContext[object] | None) -> None:
        await anyio.sleep_forever()

    context = RunContext()
    with pytest.raises(TimeoutError):
        await Tool.from_schema("locate", "", LOCATE, call=hang, timeout=0.01).call('{"user": "a"}', context=context)
    assert context.cancel_token.is_cancelled


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("where is", LOCATE, "use 'where_is'"),
        ("locate", {"type": "array"}, "locate"),
        ("locate", {"type": "nothing"}, "locate"),
        ("locate", {"type": "object", "properties": {"a": {"type": "strnig"}}}, "locate"),
    ],
)
def test_what_no_model_could_call_is_refused_when_it_is_made(
    name: str, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        Tool.from_schema(name, "", parameters)


def test_a_call_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="`call` of locate must be an async function"):
        Tool.from_schema("locate", "", LOCATE, call="locate")  # type: ignore[arg-type]


def blocking(values: dict[str, object], context: object) -> str:
    return "done"


def blocking_steps(values: dict[str, object], context: object) -> Iterator[str]:
    yield "done"


class Blocking:
    def __call__(self, values: dict[str, object], context: object) -> str:
        return "done"

    def find(self, values: dict[str, object], context: object) -> str:
        return "done"


@pytest.mark.parametrize(
    "call",
    [
        blocking,
        blocking_steps,
        Blocking(),
        Blocking().find,
        functools.partial(blocking),
    ],
)
def test_a_call_that_is_not_async_is_refused(call: Any) -> None:
    with pytest.raises(
        ToolDefinitionError, match=r"^`call` of locate must be an async function .async def.: "
    ) as caught:
        Tool.from_schema("locate", "", LOCATE, call=call)
    assert caught.value.tool == "locate"


async def test_a_call_that_only_turns_out_not_to_be_async_is_told_so() -> None:
    call: Any = lambda values, context: "done"  # noqa: E731
    tool = Tool.from_schema("locate", "", LOCATE, call=call)
    with pytest.raises(ToolDefinitionError, match="`call` of locate must be an async function"):
        await tool.call('{"user": "a"}')


async def none() -> None: ...
async def one(values: object) -> None: ...
async def three(values: object, context: object, more: object) -> None: ...
async def by_name(*, values: object, context: object) -> None: ...


@pytest.mark.parametrize("call", [none, one, three, by_name, functools.partial(three), lambda: one(1)])
def test_a_call_that_takes_other_arguments_is_refused(call: Any) -> None:
    with pytest.raises(ToolDefinitionError, match=r"must take two arguments by position, .*, not \("):
        Tool.from_schema("locate", "", LOCATE, call=call)


def test_a_call_of_which_it_cannot_be_told_is_taken() -> None:
    @functools.wraps(three)
    def passing(values: object, context: object) -> Awaitable[object]:
        return three(values, context, 1)

    async def free(*both: object, **rest: object) -> None: ...

    class Answer:
        def __init__(self, values: object, context: object) -> None: ...

        def __await__(self) -> Generator[None, None, str]:
            yield
            return "done"

    for call in (passing, free, Answer, functools.partial(three, more=2), AsyncMock()):
        assert Tool.from_schema("locate", "", LOCATE, call=call).can_run


async def test_a_method_a_partial_and_a_callable_object_may_run_it() -> None:
    class Locator:
        async def find(self, values: dict[str, object], context: object) -> object:
            return values["user"]

        async def __call__(self, values: dict[str, object], context: object) -> object:
            return values["user"]

    async def find(more: int, values: dict[str, object], context: object) -> object:
        return values["user"]

    for call in (Locator().find, Locator(), functools.partial(find, 1), lambda values, ctx: find(1, values, ctx)):
        assert (await Tool.from_schema("locate", "", LOCATE, call=call).call('{"user": "ann"}')).content == "ann"


async def test_a_changed_schema_of_the_callers_does_not_change_the_tool() -> None:
    mine: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    tool = Tool.from_schema("add", "", mine)
    mine["properties"]["a"]["type"] = "string"
    mine["required"].clear()
    assert tool.parameters == {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    with pytest.raises(ToolArgumentsError):
        tool.read("{}")
