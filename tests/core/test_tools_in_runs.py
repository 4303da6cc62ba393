"""Tools that are called on the way: each call gets exactly one output, whatever happens in the tool."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import anyio
import pytest
from anyassistant import AsyncClient, Tool, ToolError
from anyassistant.errors import RunFailed
from anyassistant.types import Limits, ToolCall

user = contextvars.ContextVar[str]("user")


class Own(BaseException):
    pass


def raises() -> str:
    """Raise."""
    raise ValueError("the secret is 42")


def tells() -> str:
    """Tell the model."""
    raise ToolError("Item ids look like sg-1.")


def gives_bytes() -> bytes:
    """Give bytes."""
    return b"\x00\xff"


def gives_none() -> None:
    """Give nothing."""


def gives_object() -> object:
    """Give what has no JSON form."""
    return object()


def exits() -> str:
    """Exit."""
    raise SystemExit(3)


def interrupts() -> str:
    """Interrupt."""
    raise KeyboardInterrupt


def escapes() -> str:
    """Raise what is no Exception."""
    raise Own("out")


async def aexits() -> str:
    """Exit."""
    raise SystemExit(3)


async def ainterrupts() -> str:
    """Interrupt."""
    raise KeyboardInterrupt


async def cancels_itself() -> str:
    """Raise a cancellation of its own."""
    raise asyncio.CancelledError


async def araises() -> str:
    """Raise."""
    raise RuntimeError("the secret is 42")


def takes(number: int) -> int:
    """Take a number."""
    return number


async def hangs() -> str:
    """Hang."""
    await anyio.sleep_forever()
    return ""


async def one_call(client: AsyncClient, tool, arguments: str = "{}") -> ToolCall:
    name = tool.name if isinstance(tool, Tool) else tool.__name__
    assistant = await client.assistants.create(tools=[tool])
    thread = await client.threads.create(messages=[f"CALL {name} {arguments}"])
    result = await thread.run(assistant).result()
    [call] = result.steps[0].tool_calls
    assert result.steps[0].status == "completed"
    assert result.text == f"TOOL RESULT: {call.output}", "the model is told exactly one output"
    return call


async def test_a_result_is_the_output(client: AsyncClient) -> None:
    call = await one_call(client, takes, '{"number": 3}')
    assert (call.output, call.error) == ("3", None)


async def test_none_is_null(client: AsyncClient) -> None:
    call = await one_call(client, gives_none)
    assert (call.output, call.error) == ("null", None)


async def test_bytes_are_base64(client: AsyncClient) -> None:
    call = await one_call(client, gives_bytes)
    assert (call.output, call.error) == ("AP8=", None)


@pytest.mark.parametrize("tool", [raises, araises], ids=["sync", "async"])
async def test_a_tool_that_raises_is_told_safely_and_kept_in_full(client: AsyncClient, tool) -> None:
    call = await one_call(client, tool)
    assert call.output == f"{tool.__name__} failed with an internal error."
    assert call.error is not None
    assert "the secret is 42" in call.error
    assert "Traceback" in call.error


async def test_a_tool_error_speaks_to_the_model(client: AsyncClient) -> None:
    call = await one_call(client, tells)
    assert call.output == "Item ids look like sg-1."
    assert call.error is not None


@pytest.mark.parametrize("tool", [exits, interrupts, escapes, aexits, ainterrupts, cancels_itself])
async def test_a_tool_that_raises_more_than_an_exception_ends_nothing(client: AsyncClient, tool) -> None:
    call = await one_call(client, tool)
    assert call.output == f"{tool.__name__} failed with an internal error."
    assert call.error is not None
    assert (await one_call(client, takes, '{"number": 1}')).output == "1", "the client works on"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("waits", [True, False], ids=["waits", "does_not_wait"])
@pytest.mark.parametrize("role", ["tool", "requires_approval"])
async def test_what_cancels_its_own_task_ends_no_other_run(client: AsyncClient, make_gate, role: str, waits) -> None:
    gate = make_gate()

    async def slow() -> str:
        """Take its time."""
        await gate()
        return "done"

    async def cancels() -> bool:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if waits:
            await anyio.lowlevel.checkpoint()
        return False

    async def careless() -> str:
        """Be careless."""
        return str(await cancels()) if role == "tool" else "made"

    options = {} if role == "tool" else {role: cancels}
    assistant = await client.assistants.create(tools=[slow, Tool.from_callable(careless, **options)])
    other = await (await client.threads.create(messages=["CALL slow {}"])).run(assistant).start()
    await gate.reached()
    with anyio.fail_after(10):
        own = await (await client.threads.create(messages=["CALL careless {}"])).run(assistant).result()
        gate.open()
        assert (await other.result()).text == "TOOL RESULT: done"
        later = await (await client.threads.create(messages=["hi"])).run(assistant).result()
    made = "False" if role == "tool" else "made"
    assert own.text == f"TOOL RESULT: {'careless failed with an internal error.' if waits else made}"
    assert later.text == "ECHO: hi"


async def test_a_result_without_a_json_form_is_an_error(client: AsyncClient) -> None:
    call = await one_call(client, gives_object)
    assert call.output == "gives_object gave a result that cannot be shown."
    assert call.error is not None


async def test_bad_arguments_are_told_and_the_tool_is_not_called(client: AsyncClient) -> None:
    for arguments in ('{"number": "many"}', '{"nmber": 1}', "{}", "not json", "[1]"):
        call = await one_call(client, takes, arguments)
        assert call.output is not None
        assert "takes was not called" in call.output
        assert call.error is not None


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_a_tool_that_takes_too_long_is_given_up(client: AsyncClient, kind) -> None:
    released = threading.Event()

    def blocks() -> str:
        """Block."""
        released.wait(30)
        return ""

    fn = hangs if kind == "async" else blocks
    try:
        call = await one_call(client, Tool.from_callable(fn, timeout=0.05))
    finally:
        released.set()
    assert call.output is not None
    assert "took longer than 0.05 s" in call.output
    assert call.error is not None


async def test_an_unknown_tool_is_told_with_the_known_ones(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[takes, raises])
    thread = await client.threads.create(messages=["CALL! sell {}"])
    result = await thread.run(assistant).result()
    [call] = result.steps[0].tool_calls
    assert call.output == "There is no tool 'sell'. Tools: raises, takes."
    assert call.error == "unknown tool"


@pytest.mark.parametrize(
    "text", ["CALL bad {}", 'CALL bad {}\nCALL takes {"number": 1}', 'CALL takes {"number": 1}\nCALL bad {}']
)
async def test_a_fatal_exception_ends_the_run_with_its_cause(client: AsyncClient, text: str) -> None:
    error = ConnectionError("no shop")

    def bad() -> str:
        raise error

    tool = Tool.from_callable(bad, description="Fail.", fatal=ConnectionError)
    assistant = await client.assistants.create(tools=[tool, takes])
    thread = await client.threads.create(messages=[text])
    run = thread.run(assistant)
    with pytest.raises(RunFailed) as caught:
        await run.result()
    assert caught.value.code == "tool_failed"
    assert caught.value.__cause__ is error
    [step] = [step async for step in run.steps()]
    assert step.status == "failed"
    assert step.last_error is not None
    assert all(call.output is not None for call in step.tool_calls)
    assert next(call for call in step.tool_calls if call.name == "bad").error is not None
    await thread.add("go on")
    assert (await thread.run(assistant).result()).text == "ECHO: go on"


async def test_a_fatal_type_that_is_not_raised_is_an_ordinary_error(client: AsyncClient) -> None:
    tool = Tool.from_callable(raises, fatal=ConnectionError)
    assert (await one_call(client, tool)).output == "raises failed with an internal error."


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_context_variables_are_carried_into_tools(client: AsyncClient, kind) -> None:
    def who() -> str:
        """Who."""
        return user.get("nobody")

    async def awho() -> str:
        """Who."""
        return user.get("nobody")

    user.set("ann")
    assert (await one_call(client, who if kind == "sync" else awho)).output == "ann"


async def test_parallel_calls_run_at_once_up_to_the_limit(client: AsyncClient) -> None:
    running = peak = 0
    full = anyio.Event()

    async def work(n: int) -> int:
        """Work."""
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        if running == 3:
            full.set()
        await full.wait()
        await anyio.lowlevel.checkpoint()
        running -= 1
        return n

    assistant = await client.assistants.create(tools=[work])
    thread = await client.threads.create(messages=["\n".join(f'CALL work {{"n": {n}}}' for n in range(9))])
    result = await thread.run(assistant, limits=Limits(parallel_tools=3)).result()
    assert peak == 3
    assert result.text == "TOOL RESULT: " + " | ".join(map(str, range(9))), "outputs are in the order of the calls"


async def test_sync_tools_run_at_once_in_threads_up_to_the_limit(client: AsyncClient) -> None:
    barrier = threading.Barrier(2, timeout=20)
    names: set[str] = set()

    def meet() -> str:
        """Meet."""
        names.add(threading.current_thread().name)
        barrier.wait()
        return "met"

    assistant = await client.assistants.create(tools=[meet])
    thread = await client.threads.create(messages=["\n".join(["CALL meet {}"] * 4)])
    result = await thread.run(assistant, limits=Limits(parallel_tools=2)).result()
    assert result.text == "TOOL RESULT: met | met | met | met"
    assert all(name.startswith("anyassistant-tool") for name in names)


async def test_each_call_is_made_once_and_its_step_tells_all(client: AsyncClient) -> None:
    made: list[int] = []

    def note(n: int) -> int:
        """Note."""
        made.append(n)
        return n

    assistant = await client.assistants.create(tools=[note])
    thread = await client.threads.create(messages=['CALL note {"n": 1}\nCALL note {"n": 2}\nTHEN\nCALL note {"n": 3}'])
    result = await thread.run(assistant).result()
    assert sorted(made) == [1, 2, 3]
    ids = [call.id for step in result.steps for call in step.tool_calls]
    assert len(set(ids)) == 3
    assert all(key.startswith("call_") for key in ids)


async def test_a_tool_may_use_its_own_client(client: AsyncClient) -> None:
    async def count_threads() -> int:
        """Count."""
        other = await client.threads.create(messages=["inner"])
        inner = await other.run(await client.assistants.create()).result()
        assert inner.text == "ECHO: inner"
        return len([one async for one in client.threads.list()])

    assert (await one_call(client, count_threads)).output == "2"


async def test_a_lone_surrogate_in_a_result_does_not_break_the_run(client: AsyncClient) -> None:
    def odd() -> str:
        """Odd."""
        return "a\ud800b"

    call = await one_call(client, odd)
    assert call.output is not None
    call.output.encode("utf-8")
