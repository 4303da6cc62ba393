"""The tools of a real server process, over each transport and in each era of the protocol."""

from collections.abc import AsyncIterator, Mapping

import anyio
import pytest
from anyassistant_tools import RunContext, Tool, ToolArgumentsError, ToolError, ToolTimeoutError
from anyassistant_tools.mcp import MCPServerError, MCPToolset

# httpx2 and mcp close the stream of an answer and leave its generators to the garbage collector, which trio reports.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator '(httpx2|httpcore2|mcp):ResourceWarning")

Tools = Mapping[str, Tool]


@pytest.fixture(scope="module")
async def tools(toolset: MCPToolset, anyio_backend: str) -> AsyncIterator[Tools]:
    async with toolset.open() as tools:
        yield {tool.name: tool for tool in tools}


async def journal_has(entry: str, tools: Tools) -> None:
    """Ask the server what happened until it tells this."""
    with anyio.fail_after(30):
        while entry not in (await tools["journal"].call("{}")).content.splitlines():
            pass


async def test_all_tools_are_listed_page_by_page_in_their_order(tools: Tools) -> None:
    assert list(tools)[:5] == ["add", "journal", "count", "wait", "fail"]
    assert len(tools) == 19


async def test_a_tool_has_the_servers_description_and_schema(tools: Tools) -> None:
    assert tools["add"].description == "Adds two numbers."
    assert tools["add"].parameters["required"] == ["a", "b"]


async def test_a_title_describes_where_there_is_no_description(tools: Tools) -> None:
    assert tools["journal"].description == "What happened"


async def test_what_the_server_calls_read_only_or_idempotent_may_be_repeated(tools: Tools) -> None:
    assert {name for name, tool in tools.items() if tool.settings.idempotent} == {"add", "journal"}


async def test_names_that_no_provider_takes_are_made_legal(tools: Tools) -> None:
    names = list(tools)[-3:]
    assert names[1] == "files_read"
    assert names[0].startswith("files_read_")
    assert names[2].startswith("long_xxx")
    assert len(names[2]) == 64
    assert [(await tools[name].call("")).content for name in names] == ["the file", "the other file", "long"]


async def test_a_call_gives_text_and_structured_value(tools: Tools) -> None:
    result = await tools["add"].call('{"a": 2, "b": 40}')
    assert result.content == "2 + 40\n= 42"
    assert result.value == {"sum": 42}


async def test_structured_content_alone_is_the_text_too(tools: Tools) -> None:
    result = await tools["data"].call("")
    assert result.content == '{"städte":["Köln"]}'
    assert result.value == {"städte": ["Köln"]}


async def test_arguments_that_do_not_fit_never_reach_the_server(tools: Tools) -> None:
    before = await tools["journal"].call("")
    with pytest.raises(ToolArgumentsError, match="b"):
        await tools["add"].call('{"a": 2}')
    assert await tools["journal"].call("") == before


async def test_progress_is_emitted_in_order(tools: Tools) -> None:
    progress: list[object] = []
    await tools["count"].call('{"to": 3}', context=RunContext(on_progress=progress.append))
    assert progress == [{"progress": at, "total": 3, "message": f"at {at}"} for at in (1, 2, 3)]


async def test_a_cancelled_call_is_cancelled_on_the_server_and_nothing_else_is(
    tools: Tools, request: pytest.FixtureRequest
) -> None:
    name = request.node.name
    is_waiting = {caller: anyio.Event() for caller in ("first", "second")}

    async def wait(caller: str) -> None:
        context = RunContext(on_progress=lambda _: is_waiting[caller].set())
        await tools["wait"].call(f'{{"name": "{caller} of {name}"}}', context=context)

    async with anyio.create_task_group() as second, anyio.create_task_group() as first:
        first.start_soon(wait, "first")
        second.start_soon(wait, "second")
        await is_waiting["first"].wait()
        await is_waiting["second"].wait()
        first.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await journal_has(f"first of {name} was cancelled", tools)
            assert f"second of {name}" not in (await tools["journal"].call("")).content
        second.cancel_scope.cancel()
    await journal_has(f"second of {name} was cancelled", tools)


async def test_a_call_that_overran_leaves_the_session_usable(tools: Tools) -> None:
    with pytest.raises(ToolTimeoutError):
        await tools["wait"].changed(timeout=0.1).call('{"name": "slow"}')
    assert (await tools["add"].call('{"a": 1, "b": 1}')).value == {"sum": 2}


async def test_calls_run_beside_one_another(tools: Tools) -> None:
    sums: list[object] = []

    async def add(number: int) -> None:
        sums.append((await tools["add"].call(f'{{"a": {number}, "b": 0}}')).value)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(add, number)
    assert sorted(map(str, sums)) == sorted(str({"sum": number}) for number in range(20))


async def test_an_error_result_is_for_the_model(tools: Tools) -> None:
    with pytest.raises(ToolError, match=r"^The shop is closed\.$"):
        await tools["fail"].call("")
    with pytest.raises(ToolError, match="did not say why"):
        await tools["fail_silently"].call("")


async def test_arguments_that_the_server_refuses_are_for_the_model(tools: Tools) -> None:
    with pytest.raises(ToolError, match=r"^there is no such shop$"):
        await tools["refuse"].call("")


async def test_a_protocol_error_is_not_for_the_model(tools: Tools) -> None:
    with pytest.raises(MCPServerError, match="answered with an error: the disk is full"):
        await tools["break_down"].call("")


async def test_an_answer_that_breaks_the_tools_own_schema_is_refused(tools: Tools) -> None:
    with pytest.raises(MCPServerError, match=r"gave an answer that cannot be taken: .*misfit") as caught:
        await tools["misfit"].call("")
    assert "total" not in str(caught.value)


async def test_an_image_is_passed_on(tools: Tools) -> None:
    result = await tools["picture"].call("")
    assert result.images == [b"\x89PNG\r\n\x1a\n-not-really"]
    assert result.content == "Look:\n[image: image/png, image 1 of this result]"


async def test_what_no_model_gets_is_named(tools: Tools) -> None:
    result = await tools["attachments"].call("")
    assert result.images == []
    assert result.content.splitlines() == [
        "[audio: audio/wav, 5 bytes, not passed on]",
        "[file file:///a.txt]",
        "read me",
        "[file file:///a.zip: application/zip, 5 bytes, not passed on]",
        "[link to manual: file:///manual.pdf, How to.]",
    ]
