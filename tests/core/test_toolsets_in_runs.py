"""Toolsets given to assistants and runs: the ready ones, and those that a client opens and holds open."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyassistant import AsyncClient, Tool, Toolset
from anyassistant.errors import AnyAssistantError, InvalidRequest, RunRequiresAction, ToolDefinitionError
from anyassistant.store.memory import MemoryStore
from anyassistant.types import ExtensionEvent
from anyassistant_tools import ToolResult
from anyassistant_tools.mcp import MCPServerError, MCPToolset


def add(a: int = 1, b: int = 2) -> int:
    """Add."""
    return a + b


def negate(n: int = 1) -> int:
    """Negate."""
    return -n


NUMBERS = Toolset("numbers", [add, negate])
WIRE = {"type": "function", "function": {"name": "add", "description": "Somebody else's."}}


class Late(Toolset):
    """A toolset whose tools are known only while it is open; it counts."""

    def __init__(self, *tools, failures: Sequence[Exception] = ()) -> None:
        super().__init__("late", [])
        self.opened = 0
        self.closed = 0
        self._tools = [Tool.from_callable(tool) for tool in tools or (add, negate)]
        self._failures = list(failures)

    @property
    def needs_opening(self) -> bool:
        return True

    def open(self) -> AbstractAsyncContextManager[Sequence[Tool]]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Sequence[Tool], None]:
        self.opened += 1
        async with anyio.create_task_group() as group:  # which has to be left by the task that entered it
            group.start_soon(anyio.sleep_forever)
            try:
                if self._failures:
                    raise self._failures.pop(0)
                yield self._tools
            finally:
                self.closed += 1
                group.cancel_scope.cancel()


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def answer(client: AsyncClient, assistant, text: str, **options) -> str:
    thread = await client.threads.create(messages=[text])
    return (await thread.run(assistant, **options).result()).text


def names(assistant) -> list[str]:
    return [spec.name for spec in assistant.record.tools]


# Ready ones


async def test_an_assistant_is_made_with_a_toolset(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[NUMBERS, NUMBERS.prefix("my_").filter("my_add")])
    assert names(assistant) == ["add", "negate", "my_add"]
    assert await answer(client, assistant, "CALL negate {}\nCALL my_add {}") == "TOOL RESULT: -1 | 3"


async def test_an_assistant_is_got_and_changed_with_a_toolset(client: AsyncClient) -> None:
    made = await client.assistants.create(tools=[NUMBERS])
    got = await client.assistants.get(made.id, tools=[NUMBERS])
    assert await answer(client, got, "CALL add {}") == "TOOL RESULT: 3"
    await got.update(tools=[NUMBERS.prefix("my_")])
    assert names(got) == ["my_add", "my_negate"]
    assert await answer(client, got, "CALL my_add {}\nCALL add {}") == "TOOL RESULT: 3"


async def test_a_run_is_given_a_toolset_instead_of_the_assistants_tools(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[add])
    text = "CALL add {}\nCALL my_add {}"
    assert await answer(client, assistant, text, tools=[NUMBERS.prefix("my_")]) == "TOOL RESULT: 3"
    assert await answer(client, assistant.id, text, tools=[NUMBERS]) == "TOOL RESULT: 3"


async def test_a_run_is_resumed_with_a_toolset(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[NUMBERS])
    thread = await client.threads.create(messages=["CALL add {}"])
    with pytest.raises(RunRequiresAction):
        await thread.run(assistant.id).result()
    resumed = await thread.resume(tools=[NUMBERS])
    assert resumed is not None
    assert (await resumed.result()).text == "TOOL RESULT: 3"


async def test_a_toolset_is_registered_with_an_assistants_handle(client: AsyncClient, refused) -> None:
    assistant = await client.assistants.create(tools=[add])
    got = await client.assistants.get(assistant.id)
    got.register_function(NUMBERS)
    assert await answer(client, got, "CALL add {}\nCALL negate {}") == "TOOL RESULT: 3 | -1"
    with refused("fn", "duplicate_tool_name"):
        got.register_function(Toolset("more", [negate]))


@pytest.mark.parametrize(
    ("tools", "where", "other"),
    [
        ([add, NUMBERS], "tools[1]", "tools[0]"),
        ([NUMBERS, add], "tools[1]", "tools[0]"),
        ([NUMBERS.prefix("x_"), NUMBERS, NUMBERS], "tools[2]", "tools[1]"),
        ([WIRE, NUMBERS], "tools[1]", "tools[0]"),
        ([Late(add), NUMBERS], "tools[1]", "tools[0]"),
        ([NUMBERS, Late(add)], "tools[1]", "tools[0]"),
    ],
)
async def test_two_of_one_name_are_named_by_their_places(
    client: AsyncClient, refused, tools, where: str, other: str
) -> None:
    with refused(where, "duplicate_tool_name"):
        await client.assistants.create(tools=tools)
    with pytest.raises(InvalidRequest, match=other.replace("[", r"\[").replace("]", r"\]")):
        await client.assistants.create(tools=tools)
    assert [one async for one in client.assistants.list()] == []


async def test_a_wire_dict_in_a_toolset_rests_for_the_caller_with_arguments_that_fit(client: AsyncClient) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    wire = {"type": "function", "function": {"name": "locate", "parameters": parameters}}
    assistant = await client.assistants.create(tools=[Toolset("far", [wire])])
    thread = await client.threads.create(messages=['CALL locate {"city": 5}\nTHEN\nCALL locate {"city": "Rome"}'])
    run = thread.run(assistant)
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    [call] = caught.value.calls
    assert (call.name, call.arguments, call.waits_for) == ("locate", '{"city": "Rome"}', "output")
    await run.submit_tool_outputs({call.id: "there"})
    result = await run.result()
    assert "locate was not called" in result.text
    assert result.text.endswith("| there")
    assert [one.outcome for step in result.steps for one in step.tool_calls] == ["refused", "succeeded"]


async def test_a_tool_of_a_schema_without_a_callable_rests_and_is_validated(client: AsyncClient) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "additionalProperties": False}
    tool = Tool.from_schema("far", "Far.", schema)
    assistant = await client.assistants.create(tools=[tool])
    thread = await client.threads.create(messages=['CALL far {"n": 0}\nCALL far {"n": 1}\nCALL far {"m": 1}'])
    run = thread.run(assistant)
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    [call] = caught.value.calls
    assert call.arguments == '{"n": 1}'
    await run.submit_tool_outputs({call.id: ToolResult("one", metadata={"k": 1})})
    told = [one for step in (await run.result()).steps for one in step.tool_calls]
    assert [one.outcome for one in told] == ["refused", "succeeded", "refused"]
    assert told[1].output == "one"


# Those that have to be opened


async def test_a_toolset_is_opened_once_a_client_and_closed_with_it(make_store) -> None:
    late, store = Late(), make_store()
    async with AsyncClient("echo", store=store) as client:
        assert late.opened == 0
        one = await client.assistants.create(tools=[late])
        two = await client.assistants.create(tools=[late.prefix("x_"), Toolset("all", [late.filter("add")])])
        three = await client.assistants.get(one.id, tools=[late])
        await three.update(tools=[late.rename({"add": "plus"})])
        assert (names(two), names(three)) == (["x_add", "x_negate", "add"], ["plus", "negate"])
        assert await answer(client, two, "CALL x_add {}\nCALL add {}") == "TOOL RESULT: 3 | 3"
        assert await answer(client, three, "CALL plus {}") == "TOOL RESULT: 3"
        assert await answer(client, one.id, "CALL add {}", tools=[late]) == "TOOL RESULT: 3"
        assert (late.opened, late.closed) == (1, 0)
    assert (late.opened, late.closed) == (1, 1)
    async with AsyncClient("echo", store=store) as client:
        await client.assistants.create(tools=[late])
        assert late.opened == 2
    assert late.closed == 2


async def test_a_client_that_is_entered_again_opens_it_again() -> None:
    late = Late()
    client = AsyncClient("echo", store=MemoryStore())
    for opened in (1, 2):
        async with client:
            assistant = await client.assistants.create(tools=[late])
            assert await answer(client, assistant, "CALL add {}") == "TOOL RESULT: 3"
        assert (late.opened, late.closed) == (opened, opened)


async def test_many_who_ask_at_once_wait_for_one_opening(client: AsyncClient) -> None:
    late = Late()
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(lambda: client.assistants.create(tools=[late]))
    assert late.opened == 1


async def test_who_asks_and_is_cancelled_leaves_it_open_for_others(client: AsyncClient, make_gate) -> None:
    gate = make_gate()

    class Slow(Late):
        @asynccontextmanager
        async def _open(self) -> AsyncGenerator[Sequence[Tool], None]:
            await gate()
            async with super()._open() as tools:
                yield tools

    slow = Slow()
    async with anyio.create_task_group() as group:

        async def ask() -> None:
            await client.assistants.create(tools=[slow])

        group.start_soon(ask)
        await gate.reached()
        group.cancel_scope.cancel()
    gate.open()
    assert names(await client.assistants.create(tools=[slow])) == ["add", "negate"]
    assert (slow.opened, gate.visits) == (1, 1)


@pytest.mark.parametrize("error", [OSError("no route"), ToolDefinitionError("two of one name")])
async def test_one_that_cannot_be_opened_says_why_and_is_tried_again_next_time(
    client: AsyncClient, error: Exception
) -> None:
    late = Late(failures=[error])
    with pytest.raises(AnyAssistantError) as caught:
        await client.assistants.create(tools=[late])
    assert caught.value is error or caught.value.__cause__ is error, "whatever tasks it was raised in"
    assert str(error) in str(caught.value)
    assert [one async for one in client.assistants.list()] == []
    assert names(await client.assistants.create(tools=[late])) == ["add", "negate"]
    assert (late.opened, late.closed) == (2, 1)


async def test_a_runs_own_toolset_is_opened_when_the_run_begins(client: AsyncClient) -> None:
    late = Late(failures=[OSError("no route")])
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["CALL add {}"])
    run = thread.run(assistant, tools=[late, NUMBERS.prefix("x_")])
    assert late.opened == 0
    with pytest.raises(AnyAssistantError, match="Toolset 'late' cannot be opened: OSError: no route"):
        await run.start()
    assert await thread.resume() is None, "no run was made"
    await run.start()
    assert late.opened == 2
    assert (await run.result()).text == "TOOL RESULT: 3"
    assert [spec.name for spec in run.record.tools] == ["add", "negate", "x_add", "x_negate"]


async def test_a_run_that_is_cancelled_before_its_start_has_the_tools_of_its_toolset(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create()
    run = thread.run(assistant, tools=[Late()])
    await run.cancel()
    assert (await run.wait()).status == "cancelled"
    assert [spec.name for spec in run.record.tools] == ["add", "negate"]


async def test_two_of_one_name_in_a_runs_toolsets_are_told_when_it_begins(client: AsyncClient, refused) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create(), tools=[add, Late(add)])
    with refused("tools[1]", "duplicate_tool_name"):
        await run.start()
    assert await thread.resume() is None


async def test_a_run_is_resumed_with_a_toolset_that_is_opened(client: AsyncClient) -> None:
    late = Late()
    assistant = await client.assistants.create(tools=[late])
    thread = await client.threads.create(messages=["CALL add {}"])
    with pytest.raises(RunRequiresAction):
        await thread.run(assistant.id).result()
    resumed = await thread.resume(tools=[late])
    assert resumed is not None
    assert (await resumed.result()).text == "TOOL RESULT: 3"
    assert late.opened == 1


async def test_register_function_refuses_what_has_to_be_opened(client: AsyncClient) -> None:
    late = Late()
    assistant = await client.assistants.create()
    with pytest.raises(ToolDefinitionError, match="known only while it is open"):
        assistant.register_function(late)
    assert late.opened == 0


async def test_one_that_breaks_while_it_is_open_is_opened_again(client: AsyncClient, caplog, until) -> None:
    breaks = anyio.Event()

    class Breaking(Late):
        @asynccontextmanager
        async def _open(self) -> AsyncGenerator[Sequence[Tool], None]:
            self.opened += 1
            try:
                async with anyio.create_task_group() as group:
                    if self.opened == 1:
                        group.start_soon(self._break)
                    yield self._tools
            finally:
                self.closed += 1

        async def _break(self) -> None:
            await breaks.wait()
            raise OSError("the connection is lost")

    late = Breaking()
    await client.assistants.create(tools=[late])
    breaks.set()

    async def has_closed() -> bool:
        return late.closed == 1

    await until(has_closed)
    await client.assistants.create(tools=[late])
    assert late.opened == 2
    assert "a task of anyassistant failed" in caplog.text


async def test_leaving_the_client_while_a_toolset_opens_ends_both(make_gate) -> None:
    gate = make_gate()

    class Slow(Late):
        @asynccontextmanager
        async def _open(self) -> AsyncGenerator[Sequence[Tool], None]:
            await gate()
            yield []

    outcomes: list[str] = []
    client = AsyncClient("echo", store=MemoryStore())

    async def ask() -> None:
        try:
            await client.assistants.create(tools=[Slow()])
        except InvalidRequest as error:
            outcomes.append(str(error.code))

    from anyassistant.client import toolsets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toolsets, "CLOSE_SECONDS", 0.05)
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                await client.__aenter__()
                group.start_soon(ask)
                await gate.reached()
                await client.aclose()
    assert outcomes == ["client_closed"]


# A real MCP server

SERVER = str(Path(__file__).parents[1] / "tools" / "mcp" / "server.py")
mcp = pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning")


@pytest.fixture
def server() -> MCPToolset:
    return MCPToolset.stdio(sys.executable, SERVER, "stdio", name="tests")


@mcp
async def test_the_tools_of_a_server_are_called_in_a_run(client: AsyncClient, server: MCPToolset) -> None:
    assistant = await client.assistants.create(tools=[server.filter("add", "count", "fail", "picture", "process")])
    thread = await client.threads.create(
        messages=['CALL add {"a": 1, "b": 2}\nCALL count {"to": 3}\nCALL fail {}\nCALL picture {}\nCALL add {"a": "x"}']
    )
    run = thread.run(assistant)
    result = await run.result()
    calls = result.steps[0].tool_calls
    assert [call.outcome for call in calls] == ["succeeded", "succeeded", "failed", "succeeded", "refused"]
    assert calls[0].output == "1 + 2\n= 3"
    assert calls[2].output == "The shop is closed."
    told: list[Any] = [
        event.data["progress"]
        async for event in run.events()
        if isinstance(event, ExtensionEvent) and event.data["tool_call_id"] == calls[1].id
    ]
    assert [one["progress"] for one in told] == [1, 2, 3]


@mcp
async def test_a_server_is_one_process_for_all_assistants_of_a_client(client: AsyncClient, server: MCPToolset) -> None:
    one = await client.assistants.create(tools=[server.filter("process")])
    two = await client.assistants.create(tools=[server.filter("process", "add").prefix("x_")])
    assert await answer(client, one, "CALL process {}") == await answer(client, two, "CALL x_process {}")


@mcp
async def test_a_cancelled_run_cancels_the_servers_call(client: AsyncClient, server: MCPToolset, until) -> None:
    assistant = await client.assistants.create(tools=[server.filter("wait", "journal")])
    thread = await client.threads.create(messages=['CALL wait {"name": "ann"}'])
    run = thread.run(assistant)
    with anyio.fail_after(30):
        async for event in run.events(check=False):
            if isinstance(event, ExtensionEvent):
                await run.cancel()
    assert run.record.status == "cancelled"

    async def is_cancelled() -> bool:
        return "ann was cancelled" in await answer(client, assistant, "CALL journal {}")

    await until(is_cancelled, 30)


@mcp
async def test_a_server_that_dies_is_told_and_the_next_call_reaches_another(
    client: AsyncClient, server: MCPToolset
) -> None:
    assistant = await client.assistants.create(tools=[server.filter("die", "add")])
    thread = await client.threads.create(messages=['CALL die {}\nTHEN\nCALL add {"a": 1, "b": 2}'])
    result = await thread.run(assistant).result()
    died, added = [call for step in result.steps for call in step.tool_calls]
    assert died.outcome == "unknown", "it was under way"
    assert added.output == "1 + 2\n= 3"


async def test_a_server_that_cannot_be_started_says_so(client: AsyncClient) -> None:
    with pytest.raises(MCPServerError, match="no-such-program"):
        await client.assistants.create(tools=[MCPToolset.stdio("no-such-program")])
