"""Whoever decides, submits, resumes and cancels at once: what was acknowledged holds, and no call is made twice."""

from __future__ import annotations

import anyio
from anyassistant import AsyncClient, RunContext, Tool
from anyassistant.errors import InvalidRequest
from anyassistant.store.memory import MemoryStore
from anyassistant.types import ExtensionEvent
from hypothesis import given, settings
from hypothesis import strategies as st

ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}
TEXT = "CALL buy {}\nCALL buy {}\nCALL elsewhere {}"

acts = st.tuples(
    st.sampled_from(["approve", "approve", "edit", "reject", "submit", "resume", "resume none", "cancel"]),
    st.integers(0, 2),
    st.integers(0, 1),
    st.integers(0, 3),
)


@settings(max_examples=150, deadline=None)
@given(life=st.lists(acts, min_size=2, max_size=10))
def test_what_was_acknowledged_holds(anyio_backend, life) -> None:
    made: list[str] = []

    def buy(context: RunContext, n: int = 0) -> int:
        """Buy."""
        made.append(context.call_id)
        return n

    tools = [Tool.from_callable(buy, requires_approval=True)]

    async def live() -> None:
        store = MemoryStore()
        async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
            assistant = await one.assistants.create(tools=[*tools, ELSEWHERE])
            thread = await one.threads.create(messages=[TEXT])
            run = await thread.run(assistant).start()
            pending = [call.id for call in (await run.wait()).pending_calls]
            decided: dict[str, str] = {}
            submitted: list[str] = []

            async def act(number: int, what: str, which: int, who: int, pauses: int) -> None:
                client, call_id = (one, two)[who], pending[which]
                handle = await client.runs.get(run.id)
                for _ in range(pauses):
                    await anyio.lowlevel.checkpoint()
                try:
                    match what:
                        case "approve" | "edit":
                            arguments = {"n": 1} if what == "edit" else None
                            await handle.approve(call_id, by=str(number), arguments=arguments)
                            assert call_id not in decided
                            decided[call_id] = str(number)
                        case "reject":
                            await handle.reject(call_id, "No.", by=str(number))
                            assert call_id not in decided
                            decided[call_id] = str(number)
                        case "submit":
                            await handle.submit_tool_outputs({call_id: str(number)})
                            submitted.append(call_id)
                        case "cancel":
                            await handle.cancel()
                        case _:
                            other = await client.threads.get(thread.id)
                            await other.resume(tools=tools if what == "resume" else [])
                except InvalidRequest:
                    pass

            with anyio.fail_after(20):
                async with anyio.create_task_group() as group:
                    for number, (what, which, who, pauses) in enumerate(life):
                        group.start_soon(act, number, what, which, who, pauses)
                left = await (await two.runs.get(run.id)).wait()
                if left.is_open:
                    resumed = await (await two.threads.get(thread.id)).resume(tools=tools)
                    if resumed is not None and (await resumed.wait()).is_open:
                        await resumed.cancel()
                        await resumed.wait()
            last = await one.runs.get(run.id)
            assert not last.record.is_open
            log = [event async for event in last.events(check=False)]
            told = [one.data for one in log if isinstance(one, ExtensionEvent) and one.event.endswith("decided")]
            assert {str(data["tool_call_id"]): data["by"] for data in told} == decided
            assert len(told) == len(decided)
            calls = {call.id: call async for step in last.steps() for call in step.tool_calls}
            for call_id, who_decided in decided.items():
                decision = calls[call_id].decision
                assert decision is not None
                assert decision.by == who_decided
            assert len(submitted) == len(set(submitted))
            assert len(made) == len(set(made))
            for call_id in made:
                decision = calls[call_id].decision
                assert decision is not None
                assert decision.approved

    anyio.run(live, backend=anyio_backend)
