"""Every record comes back from its text as it was."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType, NoneType

import pytest
from anyassistant.errors import StoreError
from anyassistant.store.sql import codec
from anyassistant.store.sql.json_text import from_text, to_text
from anyassistant.store.sql.spans import decode_events, encode_events
from anyassistant.types import (
    AssistantRecord,
    Attachment,
    ErrorEvent,
    ExtensionEvent,
    HostedTool,
    Image,
    IncompleteDetails,
    LastError,
    Limits,
    Message,
    MessageDeltaEvent,
    MessageEvent,
    MessageIncompleteDetails,
    PendingCall,
    Refusal,
    RunEvent,
    RunRecord,
    RunStep,
    RunStepDeltaEvent,
    RunStepEvent,
    Text,
    ThreadRecord,
    ToolCall,
    ToolSpec,
    Turn,
    TurnCall,
    Usage,
)
from anyassistant.types.events import message_delta
from hypothesis import given, settings
from hypothesis import strategies as st

unhurried = settings(deadline=None)
text = st.text(st.characters(), max_size=12)  # lone surrogates and NUL included
number = st.one_of(st.integers(), st.floats())
opaque = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
mapping = st.dictionaries(text, opaque, max_size=3)
metadata = st.dictionaries(text, text, max_size=3)
stamp = st.none() | st.integers(0, 2**40)


def tuples(one, max_size: int = 3):
    return st.lists(one, max_size=max_size).map(tuple)


usage = st.none() | st.builds(Usage, st.integers(0), st.integers(0))
error = st.builds(LastError, text, text, st.none() | st.floats(), st.none() | text)
tools = tuples(st.builds(ToolSpec, text, text, mapping))
hosted_tools = tuples(st.builds(HostedTool, text, mapping))
attachments = tuples(st.builds(Attachment, text, tuples(text)))
image = st.builds(
    Image,
    url=st.none() | text,
    data=st.none() | st.binary(max_size=8),
    media_type=st.none() | text,
    file_id=st.none() | text,
    detail=st.sampled_from(["auto", "low", "high"]),
)
content = tuples(st.builds(Text, text, tuples(mapping, 2)) | image | st.builds(Refusal, text))
optional = st.none() | text

assistants = st.builds(
    AssistantRecord, id=text, name=optional, model=optional, metadata=metadata, tools=tools, description=optional,
    instructions=optional, temperature=st.none() | number, top_p=st.none() | number,
    response_format=st.just("auto") | mapping, created_at=st.integers(), hosted_tools=hosted_tools,
    tool_resources=st.none() | mapping,
)  # fmt: skip
threads = st.builds(
    ThreadRecord, id=text, created_at=st.integers(), metadata=metadata, tool_resources=st.none() | mapping
)
messages = st.builds(
    Message, id=text, role=st.sampled_from(["user", "assistant"]), content=content, run_id=optional,
    status=st.sampled_from(["in_progress", "incomplete", "completed"]),
    incomplete_details=st.none() | st.builds(MessageIncompleteDetails, st.just("max_tokens")),
    thread_id=text, assistant_id=optional, created_at=st.integers(), completed_at=stamp, incomplete_at=stamp,
    metadata=metadata, attachments=attachments,
)  # fmt: skip
steps = st.builds(
    RunStep, id=text, type=st.sampled_from(["message_creation", "tool_calls"]),
    status=st.sampled_from(["in_progress", "completed", "failed"]),
    tool_calls=tuples(st.builds(ToolCall, text, text, text, optional, optional, hosted=st.none() | mapping)),
    message_id=optional, usage=usage,
    last_error=st.none() | error, run_id=text, thread_id=text, assistant_id=text, created_at=st.integers(),
    completed_at=stamp, failed_at=stamp, cancelled_at=stamp, expired_at=stamp, metadata=metadata,
)  # fmt: skip
turns = st.builds(
    Turn, id=text, run_id=text, thread_id=text, provider=text, text=text, refusal=text,
    tool_calls=tuples(st.builds(TurnCall, text, text, text, optional, optional, provider_id=optional)),
    usage=usage, finish_reason=st.sampled_from([None, "stop", "tool_calls"]), provider_state=opaque,
    message_id=optional, calls_step_id=optional,
)  # fmt: skip
runs = st.builds(
    RunRecord, id=text, thread_id=text, assistant_id=text, status=st.sampled_from(["queued", "requires_action"]),
    model=text, metadata=metadata, usage=usage, last_error=st.none() | error,
    pending_calls=tuples(
        st.builds(PendingCall, text, text, text, optional, optional, waits_for=st.sampled_from(["output", "approval"]))
    ),
    incomplete_details=st.none() | st.builds(IncompleteDetails, st.just("max_turns")), expires_at=stamp,
    created_at=st.integers(), started_at=stamp, cancelled_at=stamp, failed_at=stamp, completed_at=stamp,
    instructions=optional, tools=tools, hosted_tools=hosted_tools,
    temperature=st.none() | number, top_p=st.none() | number,
    max_prompt_tokens=stamp, max_completion_tokens=stamp, truncation_strategy=mapping,
    response_format=st.just("auto") | mapping, tool_choice=text | mapping, parallel_tool_calls=st.booleans(),
    reasoning_effort=optional, limits=st.builds(Limits, st.integers(), number, st.integers(), st.integers()),
)  # fmt: skip
events = (
    st.builds(MessageEvent, st.just("thread.message.completed"), messages)
    | st.builds(RunStepEvent, st.just("thread.run.step.created"), steps)
    | st.builds(RunEvent, st.just("thread.run.in_progress"), runs)
    | st.builds(RunStepDeltaEvent, st.just("thread.run.step.delta"), mapping)
    | st.builds(MessageDeltaEvent, st.just("thread.message.delta"), mapping)
    | st.builds(ExtensionEvent, st.just("anyassistant.tool.progress"), mapping)
    | st.builds(ErrorEvent, st.just("error"), error)
    | st.builds(message_delta, st.sampled_from("ab"), text, st.just(0), kind=st.sampled_from(["text", "refusal"]))
)  # fmt: skip


def plain(value: object) -> object:
    """A value with its types, so that `==` tells 1 from 1.0 and True, and finds NaN the same as NaN."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(plain(getattr(value, field.name)) for field in dataclasses.fields(value)))
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return (float, "nan" if math.isnan(value) else repr(value))
    assert isinstance(value, str | bytes | int | NoneType)
    return (type(value), value)


@unhurried
@given(assistants)
def test_an_assistant_comes_back(record: AssistantRecord) -> None:
    assert plain(codec.decode_assistant(codec.encode(record))) == plain(record)


@unhurried
@given(threads)
def test_a_thread_comes_back(record: ThreadRecord) -> None:
    assert plain(codec.decode_thread(codec.encode(record))) == plain(record)


@unhurried
@given(messages)
def test_a_message_comes_back(record: Message) -> None:
    assert plain(codec.decode_message(codec.encode(record))) == plain(record)


@unhurried
@given(steps)
def test_a_step_comes_back(record: RunStep) -> None:
    assert plain(codec.decode_step(codec.encode(record))) == plain(record)


@unhurried
@given(turns)
def test_a_turn_comes_back(turn: Turn) -> None:
    assert plain(codec.decode_turn(codec.encode_turn(turn))) == plain(turn)


@unhurried
@given(runs, runs)
def test_a_run_comes_back_as_what_it_began_with_and_what_is_different_by_now(began: RunRecord, now: RunRecord) -> None:
    snapshot = codec.decode_snapshot(codec.encode(began))
    assert plain(snapshot) == plain(began)
    assert plain(codec.decode_run(snapshot, codec.encode_progress(now, began))) == plain(now)


@unhurried
@given(runs, st.lists(events, min_size=1, max_size=12), st.integers(0, 2**40), st.data())
def test_events_come_back_from_every_number_on(began: RunRecord, log: list, before: int, data: st.DataObject) -> None:
    log = [dataclasses.replace(event, sequence=before + at) for at, event in enumerate(log, 1)]
    (span,) = encode_events(log, began)
    assert (span.first, span.last) == (before + 1, before + len(log))
    after = data.draw(st.integers(before, before + len(log)))
    assert plain(list(decode_events(span, after, began))) == plain(log[after - before :])


def test_what_follows_a_gap_is_a_row_of_its_own(deltas) -> None:
    began = RunRecord("run_1", "thread_1", "asst_1", "queued", "echo")
    spans = list(encode_events([*deltas("a", "b", after=0), *deltas("c", after=7)], began))
    assert [(span.first, span.last) for span in spans] == [(1, 2), (8, 8)]


def test_deltas_of_one_message_share_its_id() -> None:
    began = RunRecord("run_1", "thread_1", "asst_1", "queued", "echo")
    (span,) = encode_events([message_delta("msg_long_id", "tok ", at) for at in range(1, 101)], began)
    assert span.payload.count("msg_long_id") == 1


@pytest.mark.parametrize(
    "state",
    [object(), {1: "a"}, {"a": (1, 2)}, [b"bytes"], {"a": {1, 2}}, pytest.approx, MappingProxyType({"a": object()})],
    ids=["object", "integer key", "tuple", "bytes", "set", "function", "other mapping"],
)
def test_a_providers_state_that_would_come_back_as_something_else_is_refused(state: object) -> None:
    with pytest.raises(StoreError, match="provider_state of turn_1 cannot be stored"):
        codec.encode_turn(Turn("turn_1", "run_1", "thread_1", "echo", provider_state=state))


def test_a_mapping_that_is_no_dict_is_stored_as_one() -> None:
    assert from_text(to_text({"a": MappingProxyType({"b": 1})}, "it")) == {"a": {"b": 1}}


def test_deep_nesting_comes_back() -> None:
    deep: list[object] = []
    for _ in range(400):
        deep = [deep]
    assert from_text(to_text(deep, "it")) == deep
