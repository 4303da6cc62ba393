"""The options of a tool: what each does to a call, and which values it takes."""

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyassistant_tools import (
    Tool,
    ToolDefinitionError,
    ToolResult,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreads,
)
from anyassistant_tools.options import LEAST_CONTENT

MakeGate = Callable[[], Any]


def work(item: str = "hat") -> str:
    return item


@pytest.mark.parametrize(
    ("option", "values", "message"),
    [
        ("timeout", [0, -1, float("nan"), "5", True], "above 0 s or None"),
        ("requires_approval", ["yes", 1, None], "True, False or a function of the arguments"),
        ("idempotent", ["yes", 1, None], "True or False"),
        ("sequential", ["yes", 0, None], "True or False"),
        ("inline", ["yes", 1, None], "True or False"),
        ("isolate", ["container", None, True, ["thread"]], "'thread' or 'process'"),
        ("fatal", ["ValueError", BaseException, KeyboardInterrupt, (ValueError, 5), [ValueError]], "exception classes"),
        ("max_attempts", [0, -1, 1.5, True, "2"], "a whole number of 1 or more, or None"),
        ("max_content", [0, LEAST_CONTENT - 1, 1e6, None, True], f"a whole number of {LEAST_CONTENT} or more"),
        ("reconcile", ["work", 5], "a function"),
    ],
)
def test_a_value_that_cannot_be_is_refused(option: str, values: list[Any], message: str) -> None:
    for value in values:
        makers: list[Callable[[], Tool]] = [
            lambda value=value: Tool.from_callable(work, **{option: value}),  # type: ignore[misc]
            lambda value=value: Tool.from_schema("work", "", {"type": "object"}, **{option: value}),  # type: ignore[misc]
            lambda value=value: Tool.from_callable(work).changed(**{option: value}),  # type: ignore[misc]
        ]
        for make in makers:
            with pytest.raises(ToolDefinitionError, match=f"^`{option}` of work must be {message}, not ") as caught:
                make()
            assert caught.value.tool == "work"


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": None},
        {"timeout": 0.5},
        {"timeout": float("inf")},
        {"fatal": ()},
        {"fatal": (OSError,)},
        {"max_attempts": None},
        {"max_attempts": 1},
        {"max_content": LEAST_CONTENT},
        {"reconcile": None},
        {"requires_approval": False},
    ],
)
async def test_the_outermost_values_are_taken(options: dict[str, Any]) -> None:
    assert (await Tool.from_callable(work, **options).call("")).content == "hat"


def test_the_defaults_are_finite_and_careful() -> None:
    settings = Tool.from_callable(work).settings
    assert (settings.timeout, settings.max_content, settings.isolate) == (60, 100_000, "thread")
    assert (settings.idempotent, settings.sequential, settings.inline) == (False, False, False)
    assert (settings.requires_approval, settings.fatal, settings.max_attempts) == (False, (), None)


def test_changed_gives_another_and_leaves_the_first() -> None:
    first = Tool.from_callable(work, timeout=5)
    second = first.changed(timeout=6, name="buy", description="Buy.")
    assert (first.name, first.settings.timeout, first.description) == ("work", 5, "")
    assert (second.name, second.settings.timeout, second.description) == ("buy", 6, "Buy.")
    with pytest.raises(ToolDefinitionError, match="use 'b_y'"):
        first.changed(name="b y")


class TestInline:
    async def test_a_sync_tool_runs_on_the_loops_own_thread(self) -> None:
        where = Tool.from_callable(lambda: threading.get_ident(), name="where", inline=True)
        assert (await where.call("", threads=WorkerThreads("tools", 1))).value == threading.get_ident()

    async def test_it_waits_for_no_thread(self, make_gate: MakeGate) -> None:
        gate, threads = make_gate(), WorkerThreads("tools", 1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, gate)
            await gate.entered()
            assert (await Tool.from_callable(work, inline=True).call("", threads=threads)).content == "hat"
            gate.open()

    async def test_what_it_returns_to_be_awaited_is_awaited_in_its_time(self) -> None:
        def start(seconds: float) -> Awaitable[str]:
            async def finish() -> str:
                await anyio.sleep(seconds)
                return "finished"

            return finish()

        tool = Tool.from_callable(start, inline=True, timeout=0.05)
        assert (await tool.call('{"seconds": 0}')).content == "finished"
        with pytest.raises(ToolTimeoutError, match=r"0\.05 s\.$") as caught:
            await tool.call('{"seconds": 3600}')
        assert not caught.value.orphaned

    async def test_no_time_out_holds_it(self) -> None:
        assert (await Tool.from_callable(work, inline=True, timeout=1e-9).call("")).content == "hat"

    async def test_it_means_nothing_to_an_async_tool(self) -> None:
        async def later() -> str:
            await anyio.lowlevel.checkpoint()
            return "later"

        assert (await Tool.from_callable(later, inline=True).call("")).content == "later"


class TestTimeout:
    @pytest.mark.parametrize("seconds", [0.01, 1e-9])
    async def test_it_counts_the_wait_for_a_thread(self, seconds: float, make_gate: MakeGate) -> None:
        gate, threads = make_gate(), WorkerThreads("tools", 1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, gate)
            await gate.entered()
            with pytest.raises(ToolTimeoutError) as caught:
                await Tool.from_callable(work, timeout=seconds).call("", threads=threads)
            gate.open()
        assert (caught.value.tool, caught.value.timeout, caught.value.orphaned) == ("work", seconds, False)

    async def test_a_tool_that_cleans_up_when_it_is_cancelled_may_still_give_a_result(self) -> None:
        async def stubborn() -> str:
            try:
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                return "saved"
            return ""

        assert (await Tool.from_callable(stubborn, timeout=0.01).call("")).content == "saved"

    async def test_a_time_out_of_the_tools_own_is_the_tools_own(self) -> None:
        async def own() -> None:
            with anyio.fail_after(0):
                await anyio.sleep_forever()

        with pytest.raises(TimeoutError) as caught:
            await Tool.from_callable(own).call("")
        assert not isinstance(caught.value, ToolTimeoutError)

    async def test_an_outer_time_out_is_the_callers(self) -> None:
        async def hang() -> None:
            await anyio.sleep_forever()

        with pytest.raises(TimeoutError) as caught, anyio.fail_after(0.01):
            await Tool.from_callable(hang).call("")
        assert not isinstance(caught.value, ToolTimeoutError)

    async def test_of_a_tool_of_a_schema(self) -> None:
        async def hang(values: dict[str, object], context: object) -> None:
            await anyio.sleep_forever()

        tool = Tool.from_schema("hang", "", {"type": "object"}, call=hang, timeout=0.01)
        with pytest.raises(ToolTimeoutError, match="hang took longer"):
            await tool.call("")


class TestMaxContent:
    @pytest.mark.parametrize("limit", [LEAST_CONTENT, 1_000])
    async def test_a_longer_content_is_cut_there_and_says_so(self, limit: int) -> None:
        def long(length: int) -> str:
            return "é" * length

        tool = Tool.from_callable(long, max_content=limit)
        whole = await tool.call(f'{{"length": {limit}}}')
        assert whole.content == "é" * limit
        cut = await tool.call(f'{{"length": {limit + 1}}}')
        assert len(cut.content) == limit
        assert cut.content.endswith(f"é\n[cut here: the result has {limit + 1} characters]")
        assert cut.value == "é" * (limit + 1)

    async def test_it_may_be_more_than_usual(self) -> None:
        tool = Tool.from_callable(lambda: "x" * 300_000, name="long", max_content=1_000_000)
        assert len((await tool.call("")).content) == 300_000

    async def test_the_rest_of_a_tools_own_result_stays(self) -> None:
        own = ToolResult("x" * 200, value=5, metadata={"a": 1}, images=[b"png"])
        cut = await Tool.from_callable(lambda: own, name="own", max_content=100).call("")
        assert (len(cut.content), cut.value, cut.metadata, cut.images) == (100, 5, {"a": 1}, [b"png"])
        assert len(own.content) == 200


class TestToolResult:
    @pytest.mark.parametrize(
        "own",
        [
            ToolResult("text"),
            ToolResult("", value=threading.Lock()),
            ToolResult(
                "text", metadata={"at": b"\xff", "of": {"a": [1]}}, images=(b"a", bytearray(b"b"), memoryview(b"c"))
            ),
            ToolResult("text", metadata=MappingProxyType({"a": 1})),
        ],
    )
    async def test_it_passes_through_as_it_is(self, own: ToolResult) -> None:
        async def give() -> ToolResult:
            return own

        def give_sync() -> ToolResult:
            return own

        def give_last() -> Iterator[ToolResult]:
            yield own

        for fn in (give, give_sync, give_last):
            assert await Tool.from_callable(fn).call("") is own

    @pytest.mark.parametrize(
        ("own", "message"),
        [
            (lambda: ToolResult(5), "content is a int: it is a text"),  # type: ignore[arg-type]
            (lambda: ToolResult(None), "content is a NoneType: it is a text"),  # type: ignore[arg-type]
            (lambda: ToolResult("", images=["a"]), "images are not a list of bytes"),  # type: ignore[list-item]
            (lambda: ToolResult("", images=b"png"), "images are not a list of bytes"),  # type: ignore[arg-type]
            (lambda: ToolResult("", images=5), "images are not a list of bytes"),  # type: ignore[arg-type]
            (lambda: ToolResult("", images=iter([b"a"])), "images are not a list of bytes"),  # type: ignore[arg-type]
            (lambda: ToolResult("", metadata=[1]), "metadata is a list: it is a dict"),  # type: ignore[arg-type]
            (lambda: ToolResult("", metadata={"a": threading.Lock()}), "whose metadata has no JSON form"),
        ],
    )
    async def test_one_that_is_not_as_it_has_to_be_is_refused(
        self, own: Callable[[], ToolResult], message: str
    ) -> None:
        with pytest.raises(ToolResultError, match=f"^give returned a ToolResult .*{message}") as caught:
            await Tool.from_callable(own, name="give").call("")
        assert caught.value.tool == "give"

    def test_metadata_is_empty_unless_given_and_not_shared(self) -> None:
        first, second = ToolResult("a"), ToolResult("b")
        assert (first.metadata, first.images) == ({}, ())
        assert isinstance(first.metadata, Mapping)
        assert first.metadata is not second.metadata
