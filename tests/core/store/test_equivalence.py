"""The SQL store does what the memory store does: the same operations give the same results and the same errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
from anyassistant.errors import AnyAssistantError
from anyassistant.hosting.store import Change, HistoryMessage, LostLease, RunState
from anyassistant.store.memory import MemoryStore
from anyassistant.store.sql import SQLStore
from anyassistant.types import (
    AssistantRecord,
    ExtensionEvent,
    Message,
    MessageEvent,
    PageQuery,
    RunRecord,
    RunStep,
    RunStepEvent,
    Text,
    ThreadRecord,
    ToolSpec,
    Turn,
    TurnCall,
    Usage,
)
from anyassistant.types.events import RunEvent, message_delta
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

metadata = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", "\ud800"]), max_size=2)
few = st.integers(0, 3)
pick = st.integers(0, 30)
seldom = pick.map(lambda number: number > 24)
times = st.sampled_from([5.0, 15.0, 25.0, 35.0])


def service_of(thread_id: str) -> str | None:
    """Every third thread is one that a service keeps."""
    number = thread_id.partition("_")[2]
    return "service" if number.isdecimal() and int(number) % 3 == 0 else None


class Comparison(RuleBasedStateMachine):
    portal: BlockingPortal
    path: str
    examples = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1
        self.memory = MemoryStore()
        self.sql = SQLStore(self.path, tenant=f"tenant {self.examples}")
        self.portal.call(self.sql.open)
        self.ids = {kind: [f"{kind}_none"] for kind in ("asst", "thread", "msg", "run", "step", "turn", "call")}
        self.thread_of: dict[str, str] = {}

    def teardown(self) -> None:
        self.portal.call(self.sql.aclose)

    @initialize(pairs=metadata)
    def begin(self, pairs) -> None:
        self.create_thread(2, pairs)
        self.create_run(0, 1, "one", 15.0, pairs)

    # What the rules are made of

    def new_id(self, kind: str) -> str:
        self.ids[kind].append(f"{kind}_{len(self.ids[kind])}")
        return self.ids[kind][-1]

    def some_id(self, kind: str, at: int) -> str:
        ids = self.ids[kind]
        return ids[-1 - at % len(ids)]

    def same(self, name: str, *arguments, **options):
        """What a method gives, which must be the same on both."""
        outcomes = [self.outcome(store, name, arguments, options) for store in (self.memory, self.sql)]
        assert outcomes[1] == outcomes[0], f"{name}{arguments}{options}"
        return outcomes[0][1] if outcomes[0][0] == "gives" else None

    def outcome(self, store, name: str, arguments, options) -> tuple[object, ...]:
        async def call():
            return await getattr(store, name)(*arguments, **options)

        try:
            return ("gives", self.portal.call(call))
        except (AnyAssistantError, LostLease) as error:
            return ("raises", type(error), error.args, vars(error))

    def post(self, run_id: str, epoch: int, change) -> None:
        self.memory.post(run_id, epoch, change)
        self.sql.post(run_id, epoch, change)

    def query(self, data: st.DataObject, *kinds: str, **filters) -> PageQuery:
        cursor = st.none() | st.sampled_from([one for kind in kinds for one in self.ids[kind]])
        return PageQuery(
            limit=data.draw(st.integers(1, 4)),
            order=data.draw(st.sampled_from(["asc", "desc"])),
            after=data.draw(cursor),
            before=data.draw(cursor),
            **filters,
        )

    def messages(self, thread_id: str, count: int) -> list[HistoryMessage]:
        return [
            HistoryMessage(Message(self.new_message(thread_id), "user", (Text(f"text {at}"),), thread_id=thread_id), at)
            for at in range(count)
        ]

    def new_message(self, thread_id: str) -> str:
        message_id = self.new_id("msg")
        self.thread_of[message_id] = thread_id
        return message_id

    def some_message(self, at: int, astray: int) -> tuple[str, str]:
        """A message with its thread, now and then with another."""
        message_id = self.some_id("msg", at)
        other = self.some_id("thread", astray)
        return (self.thread_of.get(message_id, other) if astray < 25 else other), message_id

    # Assistants

    @rule(pairs=metadata)
    def create_assistant(self, pairs) -> None:
        self.same("create_assistant", AssistantRecord(self.new_id("asst"), metadata=pairs))

    @rule(at=pick, pairs=metadata)
    def replace_assistant(self, at, pairs) -> None:
        self.same("replace_assistant", AssistantRecord(self.some_id("asst", at), name="new", metadata=pairs))

    @rule(at=pick)
    def delete_assistant(self, at) -> None:
        self.same("delete_assistant", self.some_id("asst", at))

    @rule(at=pick, wanted=metadata, data=st.data())
    def read_assistants(self, at, wanted, data) -> None:
        self.same("get_assistant", self.some_id("asst", at))
        self.same("list_assistants", self.query(data, "asst", metadata=wanted))

    # Threads and messages

    @rule(count=few, pairs=metadata)
    def create_thread(self, count, pairs) -> None:
        thread_id = self.new_id("thread")
        record = ThreadRecord(thread_id, metadata=pairs, service=service_of(thread_id))
        self.same("create_thread", record, self.messages(thread_id, count))

    @rule(at=pick, pairs=metadata)
    def replace_thread(self, at, pairs) -> None:
        thread_id = self.some_id("thread", at)
        service = service_of(thread_id)
        self.same("replace_thread", ThreadRecord(thread_id, created_at=1, metadata=pairs, service=service))

    @rule(at=pick)
    def delete_thread(self, at) -> None:
        self.same("delete_thread", self.some_id("thread", at))

    @rule(at=pick, wanted=metadata, service=st.sampled_from([None, "service"]), data=st.data())
    def read_threads(self, at, wanted, service, data) -> None:
        self.same("get_thread", self.some_id("thread", at))
        self.same("list_threads", self.query(data, "thread", metadata=wanted), service=service)

    @rule(at=pick)
    def add_message(self, at) -> None:
        (message,) = self.messages(self.some_id("thread", at), 1)
        self.same("add_message", message)

    @rule(at=pick, which=pick, pairs=metadata)
    def replace_message(self, at, which, pairs) -> None:
        thread_id, message_id = self.some_message(which, at)
        message = self.same("get_message", thread_id, message_id)
        if message is None:
            message = Message("msg_none", "user", (), thread_id=thread_id)
        self.same("replace_message", replace(message, metadata=pairs))

    @rule(at=pick, which=pick)
    def delete_message(self, at, which) -> None:
        thread_id, message_id = self.some_message(which, at)
        run = self.outcome(self.memory, "get_message", (thread_id, message_id), {})[1]
        self.same("delete_message", thread_id, message_id)
        self.same("read_history", thread_id, before=None, limit=20)
        if isinstance(run, Message) and run.run_id is not None:
            self.same("list_turns", run.run_id)

    @rule(at=pick, run=st.none() | pick, data=st.data())
    def list_messages(self, at, run, data) -> None:
        run_id = None if run is None else self.some_id("run", run)
        self.same("list_messages", self.some_id("thread", at), self.query(data, "msg", run_id=run_id))

    @rule(at=pick, before=st.none() | st.integers(0, 12), limit=few)
    def read_history(self, at, before, limit) -> None:
        self.same("read_history", self.some_id("thread", at), before=before, limit=limit)

    # Runs

    @rule(at=pick, count=few, driver=st.sampled_from([None, "one", "two"]), until=times, pairs=metadata)
    def create_run(self, at, count, driver, until, pairs) -> None:
        thread_id = self.some_id("thread", at)
        tools = (ToolSpec("tool", "does it", {"type": "object"}),)
        record = RunRecord(
            self.new_id("run"), thread_id, "asst_1", "queued", "echo", metadata=pairs, tools=tools, temperature=0
        )
        run = RunState(record, driver=driver, lease_until=until, epoch=1)
        events = [RunEvent("thread.run.created", record, 1), RunEvent("thread.run.queued", record, 2)]
        self.same("create_run", run, self.messages(thread_id, count), events)

    @rule(at=pick, driver=st.sampled_from(["one", "two"]), until=times, now=times, dead=st.sampled_from([None, "one"]))
    def take_over(self, at, driver, until, now, dead) -> None:
        run_id = self.some_id("run", at)
        taken = self.same("take_over", run_id, driver=driver, lease_until=until, now=now, dead=dead)
        if taken is not None:
            record = replace(taken.record, started_at=int(now))
            event = RunEvent("thread.run.in_progress", record, taken.last_sequence + 1)
            self.post(run_id, taken.epoch, Change([event], record=record))
            self.read_all_of(taken)

    @rule(held=st.dictionaries(pick, st.integers(1, 3), max_size=3), until=times)
    def renew(self, held, until) -> None:
        self.same("renew", {self.some_id("run", at): epoch for at, epoch in held.items()}, until)

    @rule(at=pick, now=times)
    def request_cancel(self, at, now) -> None:
        self.same("request_cancel", self.some_id("run", at), now)

    @rule(at=pick, call=few, epoch=st.integers(1, 3), repeatable=st.booleans())
    def claim_call(self, at, call, epoch, repeatable) -> None:
        self.same("claim_call", self.some_id("run", at), epoch, f"call_{call}", repeatable=repeatable)

    @rule(at=st.lists(pick, max_size=3), thread=st.none() | pick, wanted=metadata, data=st.data(),
          status=st.sampled_from([None, "queued", "in_progress", "completed"]))  # fmt: skip
    def read_runs(self, at, thread, wanted, data, status) -> None:
        self.same("check", [self.some_id("run", one) for one in at])
        thread_id = None if thread is None else self.some_id("thread", thread)
        self.same("list_runs", thread_id, self.query(data, "run", metadata=wanted, status=status))

    @rule(at=pick, data=st.data())
    def read_run(self, at, data) -> None:
        run_id = self.some_id("run", at)
        self.same("get_run", run_id)
        self.same("list_steps", run_id, self.query(data, "step"))

    # What drivers write

    @rule(at=pick, texts=st.lists(st.sampled_from(["a", "", "\ud800", "é"]), max_size=6), late=seldom)
    def post_deltas(self, at, texts, late) -> None:
        run = self.open_run(at)
        if run is None:
            return
        message = "msg_answer" if len(texts) % 2 else "msg_other"
        for number, text in enumerate(texts, run.last_sequence + 1):
            self.post(run.record.id, run.epoch - late, message_delta(message, text, number))

    @rule(at=pick, data=st.data(), late=seldom)
    def post_change(self, at, data, late) -> None:
        run = self.open_run(at)
        if run is None:
            return
        change = self.change(run, data)
        self.post(run.record.id, run.epoch - late, change)
        self.read_all_of(run)

    @rule(at=pick, calls=st.booleans(), regretted=st.booleans())
    def answer(self, at, calls, regretted) -> None:
        """A whole turn with its message, and the run is over; the message may be deleted."""
        run = self.open_run(at)
        if run is None:
            return
        run_id, thread_id = run.record.id, run.record.thread_id
        message = Message(self.new_message(thread_id), "assistant", (Text("said"),), run_id=run_id, thread_id=thread_id)
        tool_calls = (TurnCall("call_1", "tool", "{}", "output"),) if calls else ()
        turn = Turn(self.new_id("turn"), run_id, thread_id, "echo", text="said", tool_calls=tool_calls,
                    provider_state=["said"], message_id=message.id)  # fmt: skip
        self.post(run_id, run.epoch, Change(messages=[message], turn=turn, turn_tokens=5))
        self.complete(at)
        if regretted:
            self.same("delete_message", thread_id, message.id)
        self.read_all_of(run)

    @rule(at=pick)
    def complete(self, at) -> None:
        run = self.open_run(at)
        if run is None:
            return
        record = replace(run.record, status="completed", completed_at=9, usage=Usage(1, 2))
        event = RunEvent("thread.run.completed", record, run.last_sequence + 1)
        self.post(run.record.id, run.epoch, Change([event], record=record, release=True, durable=True))

    @rule(at=pick, epoch=st.integers(1, 3))
    def flush(self, at, epoch) -> None:
        self.same("flush", self.some_id("run", at), epoch)

    @rule(at=pick, after=st.integers(0, 12))
    def replay(self, at, after) -> None:
        run_id = self.some_id("run", at)
        self.outcome(self.sql, "flush", (run_id, 1), {})  # what is committed is what can be read
        self.same("read_events", run_id, after)
        recent = self.sql.recent_events(run_id, after)
        assert recent is None or list(recent) == list(self.memory.recent_events(run_id, after))

    def read_all_of(self, run: RunState) -> None:
        self.same("get_run", run.record.id)
        self.same("list_turns", run.record.id)
        self.same("list_claims", run.record.id)
        self.same("read_events", run.record.id, 0)
        self.same("read_history", run.record.thread_id, before=None, limit=20)

    def open_run(self, at: int) -> RunState | None:
        run = self.same("get_run", self.some_id("run", at))
        return run if run is not None and run.record.is_open else None

    def change(self, run: RunState, data: st.DataObject) -> Change:
        draw = data.draw
        record = run.record
        if draw(st.booleans()):
            record = replace(record, status="in_progress", started_at=3, metadata=draw(metadata))
        thread_id = record.thread_id
        messages = [
            Message(self.again(draw, thread_id), "assistant", (Text("said"),), run_id=record.id, thread_id=thread_id)
            for _ in range(draw(st.integers(0, 2)))
        ]
        messages = [one for one in messages if self.is_of(one, record.id)]
        steps = [
            RunStep(self.step_of(record.id, draw(few)), "message_creation", "in_progress", run_id=record.id)
            for _ in range(draw(st.integers(0, 2)))
        ]
        turn = None
        if draw(st.booleans()):
            calls = (TurnCall("call_1", "tool", "{}"),) if draw(st.booleans()) else ()
            message_id = messages[0].id if messages else None
            turn = Turn(f"turn_{draw(few)}_{record.id}", record.id, thread_id, "echo", text="said", tool_calls=calls,
                        provider_state={"state": [1, 0.5]}, message_id=message_id)  # fmt: skip
        events = [
            *(MessageEvent("thread.message.created", one) for one in messages),
            *(RunStepEvent("thread.run.step.created", one) for one in steps),
            ExtensionEvent("anyassistant.tool.progress", {"progress": 1}),
            RunEvent("thread.run.in_progress", record),
        ]
        return Change(
            events=[replace(event, sequence=at) for at, event in enumerate(events, run.last_sequence + 1)],
            record=draw(st.sampled_from([None, record])),
            messages=messages,
            steps=steps,
            turn=turn,
            turn_tokens=draw(few),
            claims=draw(st.sampled_from([(), ("call_1",), ("call_0", "call_1")])),
            finished=draw(
                st.dictionaries(
                    st.sampled_from(["call_1", "call_2"]), st.sampled_from(["succeeded", "failed", "unknown"])
                )
            ),
            active_seconds=draw(st.sampled_from([None, 1.5])),
            release=draw(st.booleans()),
            durable=draw(st.booleans()),
        )

    def again(self, draw, thread_id: str) -> str:
        """A new message's id, or that of the newest one."""
        return self.ids["msg"][-1] if draw(st.booleans()) else self.new_message(thread_id)

    def step_of(self, run_id: str, at: int) -> str:
        step_id = f"step_{at}_{run_id}"
        if step_id not in self.ids["step"]:
            self.ids["step"].append(step_id)
        return step_id

    def is_of(self, message: Message, run_id: str) -> bool:
        """Whether the message is new, or of this run."""
        found = self.portal.call(self.memory.get_message, message.thread_id, message.id)
        return found is None or found.run_id == run_id


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_sql_store_does_what_the_memory_store_does(backend: str, tmp_path: Path) -> None:
    with start_blocking_portal(backend) as portal:
        machine = type("Comparison", (Comparison,), {"portal": portal, "path": str(tmp_path / "store.sqlite3")})
        run_state_machine_as_test(machine, settings=settings(max_examples=100, stateful_step_count=50, deadline=None))
