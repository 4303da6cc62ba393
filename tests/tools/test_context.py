"""What a tool is told of the run that calls it, what it tells back, and how it learns that nobody waits."""

import functools
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Annotated, Any, Optional

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyassistant_tools import (
    CancelToken,
    RunContext,
    Tool,
    ToolArgumentsError,
    ToolCancelled,
    ToolDefinitionError,
    ToolError,
    ToolResult,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreads,
)
from typing_extensions import TypeAliasType

MakeGate = Callable[[], Any]
Context = TypeAliasType("Context", RunContext[str])


def bare(ctx: RunContext, item: str) -> object:  # type: ignore[type-arg]
    return [ctx.deps, item]


def typed(ctx: RunContext[str], item: str) -> object:
    return [ctx.deps, item]


def annotated(item: str, ctx: Annotated[RunContext[str], "The call's."]) -> object:
    return [ctx.deps, item]


def optional(item: str, ctx: RunContext[str] | None = None) -> object:
    return [ctx and ctx.deps, item]


def optional_of_old(item: str, ctx: Optional[RunContext[str]] = None) -> object:  # noqa: UP045
    return [ctx and ctx.deps, item]


def aliased(ctx: Context, item: str) -> object:
    return [ctx.deps, item]


def in_a_string(ctx: "RunContext[str]", item: "str") -> object:
    return [ctx.deps, item]


def positional_only(ctx: RunContext[str], item: str, /) -> object:
    return [ctx.deps, item]


def last_positional_only(item: str, ctx: RunContext[str], /) -> object:
    return [ctx.deps, item]


def keyword_only(*, ctx: RunContext[str], item: str) -> object:
    return [ctx.deps, item]


def before_variadic(ctx: RunContext[str], item: str, *more: str) -> object:
    assert more == ()
    return [ctx.deps, item]


def twice(first: RunContext[str], item: str, second: RunContext[str]) -> object:
    assert first is second
    return [second.deps, item]


async def awaited(ctx: RunContext[str], item: str) -> object:
    await anyio.lowlevel.checkpoint()
    return [ctx.deps, item]


def generated(ctx: RunContext[str], item: str) -> Generator[object]:
    yield [ctx.deps, item]


async def generated_async(ctx: RunContext[str], item: str) -> AsyncGenerator[object]:
    yield [ctx.deps, item]


def for_customer(customer: str, ctx: RunContext[str], item: str) -> object:
    assert customer == "eve"
    return [ctx.deps, item]


class Shop:
    def method(self, ctx: RunContext[str], item: str) -> object:
        return [ctx.deps, item]

    @classmethod
    def from_class(cls, ctx: RunContext[str], item: str) -> object:
        return [ctx.deps, item]

    @staticmethod
    def static(ctx: RunContext[str], item: str) -> object:
        return [ctx.deps, item]

    def __call__(self, ctx: RunContext[str], item: str) -> object:
        return [ctx.deps, item]


class AsyncShop:
    async def __call__(self, ctx: RunContext[str], item: str) -> object:
        return [ctx.deps, item]


@functools.wraps(typed)
def wrapped(*args: Any, **kwargs: Any) -> object:
    return typed(*args, **kwargs)


EVERYWHERE: list[Callable[..., object]] = [
    *(bare, typed, annotated, optional, optional_of_old, aliased, in_a_string, positional_only, last_positional_only),
    *(keyword_only, before_variadic, twice, awaited, generated, generated_async, wrapped),
    *(Shop().method, Shop.from_class, Shop.static, Shop(), AsyncShop()),
    *(functools.partial(for_customer, "eve"), functools.partial(for_customer, customer="eve")),
]


@pytest.mark.parametrize("fn", EVERYWHERE)
async def test_a_parameter_annotated_with_it_gets_the_context_and_no_model_sees_it(fn: Callable[..., object]) -> None:
    tool = Tool.from_callable(fn, name="order")
    assert "ctx" not in str(tool.parameters)
    assert tool.parameters["required"] == ["item"]
    result = await tool.call('{"item": "hat"}', context=RunContext(deps="ann"))
    assert result.content == '["ann","hat"]'
    with pytest.raises(ToolArgumentsError, match="ctx"):
        await tool.call('{"item": "hat", "ctx": {"deps": "eve"}}', context=RunContext(deps="ann"))


async def test_it_tells_the_ids_of_the_run_and_the_apps_own_deps() -> None:
    deps = {"who": object()}

    def look(ctx: RunContext[dict[str, object]]) -> None:
        found.append(ctx)

    found: list[RunContext[dict[str, object]]] = []
    given = RunContext(
        deps=deps, run_id="run_1", thread_id="thread_1", assistant_id="asst_1", call_id="call_1", idempotency_key="key"
    )
    await Tool.from_callable(look).call("", context=given)
    [context] = found
    assert context.deps is deps
    ids = (context.run_id, context.thread_id, context.assistant_id, context.call_id, context.idempotency_key)
    assert ids == ("run_1", "thread_1", "asst_1", "call_1", "key")


def test_a_context_of_ones_own_needs_nothing() -> None:
    context = RunContext()
    assert (context.deps, context.run_id, context.idempotency_key) == (None, "", "")
    assert not context.cancel_token.is_cancelled
    context.emit("heard by nobody")


async def test_a_missing_context_is_told_before_the_tool_is_called() -> None:
    with pytest.raises(ToolDefinitionError, match=r"typed takes a RunContext: .* context=RunContext\(deps=") as caught:
        await Tool.from_callable(typed).call('{"item": "hat"}')
    assert (caught.value.tool, caught.value.parameter) == ("typed", "ctx")


@pytest.mark.parametrize("fn", [optional, optional_of_old])
async def test_a_tool_that_can_do_without_is_called_without(fn: Callable[..., object]) -> None:
    assert (await Tool.from_callable(fn).call('{"item": "hat"}')).content == '[null,"hat"]'


async def test_a_model_cannot_set_the_context_through_open_arguments() -> None:
    def note(ctx: RunContext[str] | None = None, **facts: str) -> object:
        return [ctx, facts]

    tool = Tool.from_callable(note)
    assert (await tool.call('{"a": "b"}')).content == '[null,{"a":"b"}]'
    for context in (None, RunContext(deps="ann")):
        with pytest.raises(ToolArgumentsError, match="ctx"):
            await tool.call('{"ctx": "eve"}', context=context)


def test_any_number_of_contexts_is_refused() -> None:
    def several(*ctx: RunContext[str]) -> None: ...

    def named(**ctx: RunContext[str]) -> None: ...

    for fn in (several, named):
        with pytest.raises(ToolDefinitionError, match=r"any number of RunContexts by 'ctx'.*write `ctx: RunContext`"):
            Tool.from_callable(fn)


def test_a_context_inside_of_something_is_refused() -> None:
    def several(contexts: list[RunContext[str]]) -> None: ...

    with pytest.raises(ToolDefinitionError, match="'contexts' of several"):
        Tool.from_callable(several)


async def test_what_is_emitted_reaches_the_listener_as_json_from_the_loop_and_from_a_thread() -> None:
    heard: list[tuple[object, int]] = []

    def tell(ctx: RunContext) -> None:  # type: ignore[type-arg]
        ctx.emit({"done": (1, 2), "of": b"\xfb"})

    async def tell_from_the_loop(ctx: RunContext) -> None:  # type: ignore[type-arg]
        tell(ctx)

    context = RunContext(on_progress=lambda progress: heard.append((progress, threading.get_ident())))
    await Tool.from_callable(tell_from_the_loop).call("", context=context)
    await Tool.from_callable(tell).call("", context=context)
    assert [progress for progress, _ in heard] == [{"done": [1, 2], "of": "+w=="}] * 2
    assert heard[0][1] == threading.get_ident()
    assert heard[1][1] != threading.get_ident()


@pytest.mark.parametrize("listener", [None, lambda _: None])
async def test_progress_without_a_json_form_is_refused_where_it_is_emitted(
    listener: Callable[[object], None] | None,
) -> None:
    def tell(ctx: RunContext) -> str:  # type: ignore[type-arg]
        with pytest.raises(ToolResultError, match="progress of a tool, a list, has no JSON form"):
            ctx.emit([threading.Lock()])
        return "told"

    assert (await Tool.from_callable(tell).call("", context=RunContext(on_progress=listener))).content == "told"


async def test_a_tool_that_fails_leaves_the_token_alone() -> None:
    """Nobody gave up on it: a second try in the same context may go on."""
    context = RunContext()

    def fail(ctx: RunContext) -> None:  # type: ignore[type-arg]
        raise ToolError("No.")

    with pytest.raises(ToolError):
        await Tool.from_callable(fail).call("", context=context)
    assert not context.cancel_token.is_cancelled


@pytest.mark.parametrize("inline", [False, True])
async def test_success_leaves_the_token_alone(inline: bool) -> None:
    context = RunContext(deps="ann")
    await Tool.from_callable(typed, inline=inline).call('{"item": "hat"}', context=context)
    context.cancel_token.check()
    assert not context.cancel_token.is_cancelled


async def test_a_time_out_cancels_the_token_of_an_async_tool() -> None:
    context = RunContext()

    async def hang(ctx: RunContext) -> None:  # type: ignore[type-arg]
        await anyio.sleep_forever()

    with pytest.raises(ToolTimeoutError):
        await Tool.from_callable(hang, timeout=0.01).call("", context=context)
    assert context.cancel_token.is_cancelled


async def test_a_wrapped_tool_tells_the_callers_token_how_it_ended() -> None:
    async def hang(ctx: RunContext) -> None:  # type: ignore[type-arg]
        await anyio.sleep_forever()

    async def around(tool: Tool, arguments: str, proceed: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        return await proceed()

    overrun, cancelled = RunContext(), RunContext()
    tool = Tool.from_callable(hang, timeout=0.01).wrapped(around)
    with pytest.raises(ToolTimeoutError):
        await tool.call("", context=overrun)
    assert overrun.cancel_token.is_cancelled
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: tool.changed(timeout=None).call("", context=cancelled))
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert cancelled.cancel_token.is_cancelled


class Watcher:
    """A tool in a thread that waits in a gate, then asks the token and emits, and keeps what both said."""

    def __init__(self, gate: Any) -> None:
        self.gate = gate
        self.said: list[object] = []
        self.has_ended = threading.Event()

    def __call__(self, ctx: RunContext) -> None:  # type: ignore[type-arg]
        self.gate()
        for ask in (ctx.cancel_token.check, lambda: ctx.emit("still here")):
            try:
                self.said.append(ask())
            except ToolCancelled as error:
                self.said.append(str(error))
        self.has_ended.set()

    async def ended(self) -> None:
        assert await anyio.to_thread.run_sync(self.has_ended.wait, 60), "the tool did not end"


NOBODY_WAITS = "The call was given up on: nobody waits for its result."


async def overrun(
    call: Callable[[], Awaitable[object]], gate: Any, monkeypatch: pytest.MonkeyPatch
) -> ToolTimeoutError:
    """Let a call that stays in a gate overrun its time-out, without a clock."""
    time_is_up = anyio.CancelScope()
    caught: list[ToolTimeoutError] = []

    async def run() -> None:
        try:
            await call()
        except ToolTimeoutError as error:
            caught.append(error)

    with monkeypatch.context() as patch:
        patch.setattr(anyio, "move_on_after", lambda seconds: time_is_up)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await gate.entered()
            time_is_up.cancel()
    return caught[0]


async def test_after_a_time_out_token_and_emit_raise_in_the_orphan(
    make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, heard = make_gate(), list[object]()
    context = RunContext(on_progress=heard.append)
    watcher = Watcher(gate)
    tool = Tool.from_callable(watcher)
    error = await overrun(lambda: tool.call("", context=context), gate, monkeypatch)
    assert error.orphaned
    gate.open()
    await watcher.ended()
    assert watcher.said == [NOBODY_WAITS, NOBODY_WAITS]
    assert heard == []


async def test_a_cancel_of_the_caller_cancels_the_token(make_gate: MakeGate) -> None:
    gate, context = make_gate(), RunContext()
    watcher = Watcher(gate)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: Tool.from_callable(watcher).call("", context=context))
        await gate.entered()
        tasks.cancel_scope.cancel()
    assert context.cancel_token.is_cancelled
    gate.open()
    await watcher.ended()
    assert watcher.said == [NOBODY_WAITS, NOBODY_WAITS]


@pytest.mark.parametrize("has_context", [True, False])
async def test_an_orphaned_generator_in_a_thread_stops_at_its_next_yield(
    has_context: bool, make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, went, closed = make_gate(), list[int](), threading.Event()

    def count() -> Generator[int]:
        try:
            for number in range(1_000):
                went.append(number)
                yield number
                gate()
        finally:
            closed.set()

    context = RunContext() if has_context else None
    error = await overrun(lambda: Tool.from_callable(count).call("", context=context), gate, monkeypatch)
    assert error.orphaned
    gate.open()
    assert await anyio.to_thread.run_sync(closed.wait, 60)
    assert went == [0, 1]


async def test_a_call_that_was_given_up_on_before_its_thread_came_round_to_it_never_begins() -> None:
    called: list[int] = []
    handed_over: list[Callable[[], object]] = []

    class Slow(WorkerThreads):
        async def run(self, fn: Callable[[], Any], /, *, abandon_on_cancel: bool = True) -> Any:
            handed_over.append(fn)
            await anyio.sleep_forever()

    def add() -> None:
        called.append(1)

    with pytest.raises(ToolTimeoutError) as caught:
        await Tool.from_callable(add, timeout=0.01).call("", threads=Slow("slow", 1))
    assert not caught.value.orphaned
    with pytest.raises(ToolCancelled):
        handed_over[0]()
    assert called == []


async def test_another_try_has_a_token_of_its_own(make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, tokens = make_gate(), list[CancelToken]()
    heard: list[object] = []

    def work(ctx: RunContext[str]) -> Generator[str]:
        tokens.append(ctx.cancel_token)
        if len(tokens) == 1:
            gate()
        yield f"{ctx.deps} {ctx.call_id}"

    async def again(tool: Tool, arguments: str, proceed: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        await overrun(proceed, gate, monkeypatch)
        return await proceed()

    context = RunContext(deps="ann", call_id="call_1", on_progress=heard.append)
    tool = Tool.from_callable(work).wrapped(again)
    assert (await tool.call("", context=context)).content == "ann call_1"
    assert heard == ["ann call_1"]
    assert [token.is_cancelled for token in tokens] == [True, False]
    context.cancel_token.cancel()
    assert tokens[1].is_cancelled
