"""Whatever happens to runs, what the next model call is given is valid, and all accounts of a run agree.

A random life of one thread: runs whose turns speak, call tools (bound, elsewhere, unknown, failing, fatal, hanging,
those that need approval) or fail; cancelled, parked by leaving the client, resumed with other tools, given outputs,
their calls approved and rejected, stopped by limits; by two clients on one store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import pairwise

import anyio
from anyassistant import AsyncClient, RunContext, Tool, ToolError
from anyassistant.errors import InvalidRequest, ProviderError, RunAbandoned, ThreadBusy
from anyassistant.hosting.transitions import MOVES
from anyassistant.protocols import ModelDelta, ModelRequest, ToolCallDelta, Usage
from anyassistant.store.memory import MemoryStore
from anyassistant.types import (
    TERMINAL,
    Event,
    ExtensionEvent,
    Limits,
    MessageEvent,
    RunEvent,
    RunRecord,
    RunStepEvent,
    ToolCall,
)
from hypothesis import given, settings
from hypothesis import strategies as st

TOOLS = ["good", "bad", "speaks", "deadly", "hangs", "asks", "asks_far", "elsewhere", "unknown"]
MADE: list[str] = []
"""The ids of the calls of `asks` that were made."""


def good(n: int = 0) -> int:
    """Good."""
    return n


def bad() -> None:
    """Bad."""
    raise ValueError("bad")


def speaks() -> None:
    """Speaks."""
    raise ToolError("no")


def deadly() -> None:
    """Deadly."""
    raise ConnectionError


async def hangs() -> None:
    """Hangs."""
    await anyio.sleep_forever()


def asks(context: RunContext, n: int = 0) -> int:
    """Ask a person first."""
    MADE.append(context.call_id)
    return n


BOUND = [
    good,
    bad,
    speaks,
    Tool.from_callable(deadly, fatal=ConnectionError),
    hangs,
    Tool.from_callable(asks, requires_approval=True),
    Tool.from_schema("asks_far", "Ask a person, then somebody else.", {"type": "object"}, requires_approval=True),
]
ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}


@dataclass(frozen=True)
class Turn:
    text: str
    calls: list[str]
    end: str

    async def play(self) -> AsyncGenerator[ModelDelta, None]:
        if self.text:
            yield ModelDelta(text=self.text)
        for name in self.calls:
            yield ModelDelta(tool_call=ToolCallDelta(name, "{}"))
        if self.end == "hangs":
            await anyio.sleep_forever()
        elif self.end == "raises":
            raise ProviderError("oh", code="server_error")
        elif self.end == "length":
            yield ModelDelta(usage=Usage(1, 1), finish_reason="length")
        elif self.end == "ends":
            yield ModelDelta(usage=Usage(1, 1), finish_reason="tool_calls" if self.calls else "stop")


turns = st.builds(
    Turn,
    text=st.sampled_from(["", "a", "b c"]),
    calls=st.lists(st.sampled_from(TOOLS), max_size=3),
    end=st.sampled_from(["ends", "ends", "ends", "ends", "raises", "length", "hangs", "cut"]),
)
limits = st.builds(Limits, turns=st.integers(1, 4), parallel_tools=st.integers(1, 3), repeated_calls=st.integers(1, 4))
events = st.tuples(
    st.sampled_from(
        [
            *["run", "run", "add", "cancel", "park", "resume", "resume none", "submit one", "submit all"],
            *["approve", "approve", "edit", "reject"],
        ]
    ),
    st.sampled_from([0, 0, 0, 1]),
)


@settings(max_examples=150, deadline=None)
@given(script=st.lists(turns, max_size=12), life=st.lists(events, min_size=3, max_size=14), limit=limits)
def test_any_life_of_a_thread(scripted, assert_valid, anyio_backend, script, life, limit) -> None:
    async def live() -> None:
        requests: list[ModelRequest] = []
        left = iter(script)

        class Model(scripted):
            async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
                requests.append(request)
                turn = next(left, Turn("end", [], "ends"))
                async with aclosing(turn.play()) as deltas:
                    async for delta in deltas:
                        yield delta

        store = MemoryStore()
        clients = [AsyncClient(Model(), store=store) for _ in range(2)]
        client = clients[0]
        try:
            assistant_id = (await client.assistants.create(tools=[*BOUND, ELSEWHERE])).id
            thread_id = (await client.threads.create(messages=["go"])).id
            for event, who in life:
                client = clients[who]
                thread = await client.threads.get(thread_id)
                with suppress(ThreadBusy, InvalidRequest):
                    match event:
                        case "run":
                            assistant = await client.assistants.get(assistant_id, tools=BOUND)
                            await settle(await thread.run(assistant, limits=limit).start())
                        case "add":
                            await thread.add("more")
                        case "park":
                            await client.aclose()
                            await client.__aenter__()
                        case "resume" | "resume none":
                            run = await thread.resume(tools=BOUND if event == "resume" else [])
                            if run is not None:
                                await settle(run)
                        case _:
                            for run in (await client.runs.list(thread_id=thread_id).page()).data[:1]:
                                await act(run, event)
                                await settle(run)
                await check(client, thread_id)
            await clients[1].aclose()
            client = clients[0]
            thread = await client.threads.get(thread_id)
            open_run = await thread.resume()
            if open_run is not None:
                await open_run.cancel()
                await open_run.wait()
            left = iter(())
            await thread.add("the last word")
            await thread.run(assistant_id).result()
            await check(client, thread_id)
        finally:
            for client in clients:
                await client.aclose()
        for request in requests:
            assert_valid(request)
        assert requests[-1].messages[-1].text == "the last word"

    anyio.run(live, backend=anyio_backend)


async def act(run, event: str) -> None:
    calls = [call.id for call in run.record.pending_calls if call.waits_for == "output"]
    asked = [call.id for call in run.record.pending_calls if call.waits_for == "approval"] or ["call_none"]
    match event:
        case "cancel":
            await run.cancel()
        case "approve":
            await run.approve(asked[0], by="eve")
        case "edit":
            await run.approve(asked[-1], arguments={})
        case "reject":
            await run.reject(asked[-1], "No.")
        case _:
            await run.submit_tool_outputs(dict.fromkeys(calls[: 1 if event == "submit one" else None], "given"))


async def settle(run) -> None:
    """Let the run go as far as it goes."""
    with suppress(TimeoutError, RunAbandoned):
        await run.wait(timeout=0.005)


async def check(client: AsyncClient, thread_id: str) -> None:
    """What events say, what the store says and what `refresh` says agree; moves are legal; messages are in order."""
    async for run in client.runs.list(thread_id=thread_id):
        store = (await client.runs._session()).store
        log = list(await store.read_events(run.id, 0))
        record: RunRecord = (await client.runs.get(run.id)).record
        log = log[: max((at + 1 for at, one in enumerate(log) if isinstance(one, RunEvent)), default=0)] or log
        assert [event.sequence for event in log] == list(range(1, len(log) + 1))
        statuses = [event.data.status for event in log if isinstance(event, RunEvent)][1:]
        assert statuses[0] == "queued"
        for before, after in pairwise(statuses):
            assert after in MOVES[before], statuses
        ends = [status for status in statuses if status in TERMINAL]
        if record.is_open:
            assert not ends
        else:
            assert ends == [record.status] == statuses[-1:]
            steps = {step.id: step async for step in run.steps()}
            assert all(step.status != "in_progress" for step in steps.values())
            calls = [call for step in steps.values() if step.status == "completed" for call in step.tool_calls]
            assert all(call.output is not None for call in calls)
            check_decisions(log, [call for step in steps.values() for call in step.tool_calls])
            entered = await store.list_claims(run.id)
            outcomes = {call.outcome for step in steps.values() for call in step.tool_calls if call.id in entered}
            assert outcomes <= {"succeeded", "failed", "unknown"}, "the ledger has only calls that were made"
            told = {event.data.id: event.data for event in log if isinstance(event, RunStepEvent)}
            assert told == steps
            said = {event.data.id: event.data for event in log if isinstance(event, MessageEvent)}
            assert said == {message.id: message async for message in run.messages()}
            assert record.pending_calls == ()


def check_decisions(log: Sequence[Event], calls: Sequence[ToolCall]) -> None:
    """Each call was asked about and decided at most once, and none that needs approval was made without."""
    told = [(one.event, one.data["tool_call_id"]) for one in log if isinstance(one, ExtensionEvent)]
    assert len(told) == len(set(told))
    for call in calls:
        is_decided = ("anyassistant.approval.decided", call.id) in told
        assert is_decided == (call.decision is not None)
        assert not is_decided or ("anyassistant.approval.asked", call.id) in told
        assert (call.outcome == "rejected") == (call.decision is not None and not call.decision.approved)
        if call.id in MADE:
            assert call.decision is not None
            assert call.decision.approved
            assert MADE.count(call.id) == 1
