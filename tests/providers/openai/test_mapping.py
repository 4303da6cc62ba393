"""The wire's objects, by examples: those of the reference, and what other servers send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anyassistant.types import (
    Attachment,
    HostedTool,
    Image,
    IncompleteDetails,
    LastError,
    MessageDeltaEvent,
    PendingCall,
    Refusal,
    RunEvent,
    Text,
    ToolCall,
    ToolSpec,
    Usage,
)
from anyassistant_openai.events import read_event
from anyassistant_openai.mapping import (
    NO_PARAMETERS,
    assistant_record,
    message,
    run_record,
    run_step,
    thread_record,
    tool_call,
)
from anyassistant_openai.wire import WireAssistant, WireMessage, WireRun, WireStep, WireThread
from pydantic import ValidationError

FUNCTION = {
    "type": "function",
    "function": {"name": "order", "description": "Order.", "parameters": {"type": "object"}, "strict": False},
}
CODE = {"input": "1", "outputs": [{"type": "logs", "logs": "a"}, {"type": "image", "image": {"file_id": "f"}}]}
CITATION = {
    "type": "file_citation",
    "text": "【4:0†source】",
    "start_index": 3,
    "end_index": 15,
    "file_citation": {"file_id": "file-1"},
}
RUN: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1710348075,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "requires_action",
    "required_action": {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "order", "arguments": '{"a":1}'}}]
        },
    },
    "last_error": None,
    "incomplete_details": None,
    "expires_at": 1710348675,
    "started_at": 1710348076,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": None,
    "model": "gpt-4o",
    "instructions": "Help.",
    "tools": [FUNCTION, {"type": "file_search"}],
    "metadata": {"k": "v"},
    "usage": None,
    "temperature": 0,
    "top_p": 1.0,
    "max_prompt_tokens": None,
    "max_completion_tokens": 300,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


def a_run(**fields: object):
    return run_record(WireRun.model_validate(RUN | fields))


def a_message(*content: object, **fields: object):
    wire = {"id": "msg_1", "thread_id": "thread_1", "role": "assistant", "created_at": 5, "content": list(content)}
    return message(WireMessage.model_validate(wire | fields))


def a_step(details: object, **fields: object):
    wire: dict[str, object] = {"id": "step_1", "run_id": "run_1", "thread_id": "thread_1", "assistant_id": "asst_1"}
    wire |= {"type": "tool_calls", "status": "completed", "step_details": details}
    return run_step(WireStep.model_validate(wire | fields))


def test_a_run_that_waits() -> None:
    run = a_run()
    assert run.pending_calls == [PendingCall("call_1", "order", '{"a":1}')]
    assert (run.created_at, run.started_at, run.expires_at) == (1710348075, 1710348076, 1710348675)
    assert run.tools == [ToolSpec("order", "Order.", {"type": "object"})]
    assert (run.temperature, run.max_completion_tokens, run.metadata) == (0, 300, {"k": "v"})


def test_a_run_that_has_failed() -> None:
    run = a_run(status="failed", last_error={"code": "rate_limit_exceeded", "message": "Slow down."}, failed_at=7)
    assert run.last_error == LastError("rate_limit_exceeded", "Slow down.")
    assert run.pending_calls == ()  # what it waited for is of no use any more
    assert run.failed_at == 7


def test_a_run_that_is_incomplete_and_its_usage() -> None:
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_token_details": {"cached_tokens": 0},
    }
    run = a_run(status="incomplete", incomplete_details={"reason": "max_prompt_tokens"}, usage=usage)
    assert run.incomplete_details == IncompleteDetails("max_prompt_tokens")
    assert run.usage == Usage(3, 4)


def test_a_reason_that_is_not_known_is_left_out() -> None:
    assert a_run(status="incomplete", incomplete_details={"reason": "boredom"}).incomplete_details is None


def test_times_in_milliseconds() -> None:
    assert a_run(created_at=1710348075123).created_at == 1710348075
    assert thread_record(WireThread.model_validate({"id": "t", "created_at": 1710348075.9})).created_at == 1710348075


def test_what_a_server_leaves_out_or_says_is_null_is_absent() -> None:
    run = run_record(
        WireRun.model_validate(
            {"id": "r", "thread_id": "t", "status": "queued", "tools": None, "metadata": None, "instructions": None}
        )
    )
    assert (run.model, run.tools, run.metadata, run.tool_choice, run.parallel_tool_calls) == ("", [], {}, "auto", True)


@pytest.mark.parametrize("wire", [{}, {"id": "r"}, {**RUN, "status": "thinking"}, {**RUN, "required_action": "x"}])
def test_a_run_that_cannot_be_read(wire: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        WireRun.model_validate(wire)
    assert "input_value" not in str(caught.value)


def test_a_message_with_all_parts() -> None:
    said = a_message(
        {"type": "text", "text": {"value": "See 【4:0†source】", "annotations": [CITATION]}},
        {"type": "image_file", "image_file": {"file_id": "file-2", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        {"type": "refusal", "refusal": "No."},
        {"type": "hologram", "hologram": {}},
        run_id="run_1",
        status="completed",
        completed_at=6,
    )
    assert said.content == [
        Text("See 【4:0†source】", [CITATION]),
        Image(file_id="file-2", detail="low"),
        Image(url="https://x.test/a.png"),
        Refusal("No."),
    ]
    assert (said.run_id, said.completed_at, said.text) == ("run_1", 6, "See 【4:0†source】No.")


def test_files_that_go_with_a_message() -> None:
    wire = [
        {"file_id": "file-1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]},
        {"file_id": "file-2", "tools": None},
        {"tools": []},
    ]
    said = a_message(attachments=wire)
    assert said.attachments == [Attachment("file-1", ("file_search", "code_interpreter")), Attachment("file-2", ())]
    assert said.to_wire()["attachments"] == [wire[0], {"file_id": "file-2", "tools": []}]


def test_files_and_vector_stores_of_a_thread() -> None:
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}}
    thread = thread_record(WireThread.model_validate({"id": "t", "tool_resources": resources}))
    assert thread.tool_resources == resources
    assert thread.to_wire()["tool_resources"] == resources
    assert thread_record(WireThread.model_validate({"id": "t", "tool_resources": {}})).tool_resources is None


def test_tools_of_a_run_that_the_service_runs() -> None:
    run = a_run(tools=[FUNCTION, {"type": "file_search", "file_search": {"max_num_results": 3}}])
    assert run.hosted_tools == [HostedTool("file_search", {"max_num_results": 3})]
    assert run.to_wire()["tools"][1:] == [{"type": "file_search", "file_search": {"max_num_results": 3}}]


def test_a_message_that_broke_off() -> None:
    said = a_message(status="incomplete", incomplete_details={"reason": "content_filter"}, incomplete_at=9)
    assert (said.status, said.incomplete_at) == ("incomplete", 9)
    assert said.incomplete_details is not None
    assert said.incomplete_details.reason == "content_filter"


def test_a_step_that_wrote_a_message() -> None:
    step = a_step(
        {"type": "message_creation", "message_creation": {"message_id": "msg_1"}},
        type="message_creation",
        usage={"prompt_tokens": 1, "completion_tokens": 2},
    )
    assert (step.type, step.message_id, step.usage) == ("message_creation", "msg_1", Usage(1, 2))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}", "output": "o"}},
            ToolCall("c", "f", "{}", output="o"),
        ),
        (
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}", "output": None}},
            ToolCall("c", "f", "{}"),
        ),
        (
            {
                "id": "c",
                "type": "code_interpreter",
                "code_interpreter": CODE,
            },
            ToolCall("c", "code_interpreter", '{"input": "1"}', output="a", hosted=CODE),
        ),
        (
            {"id": "c", "type": "file_search", "file_search": {"results": []}},
            ToolCall("c", "file_search", '{"results": []}', hosted={"results": []}),
        ),
        ({"id": "c", "type": "mcp"}, ToolCall("c", "mcp", "{}", hosted={})),
    ],
)
def test_calls_of_a_step(call: dict[str, object], expected: ToolCall) -> None:
    assert tool_call(call) == expected
    if call["type"] in call:
        assert tool_call(call).to_wire() == call


def test_a_step_of_a_kind_that_is_not_known() -> None:
    step = a_step({"type": "activities", "activities": []}, type="activities")
    assert (step.type, step.tool_calls) == ("tool_calls", [])


def test_an_assistant() -> None:
    wire = WireAssistant.model_validate(
        {
            "id": "asst_1",
            "created_at": 1,
            "name": "n",
            "model": "gpt-4o",
            "tools": [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "bare"}}],
            "response_format": {"type": "json_object"},
            "temperature": 0.0,
        }
    )
    record = assistant_record(wire)
    assert record.tools == [ToolSpec("bare", "", NO_PARAMETERS)]
    assert record.hosted_tools == [HostedTool("code_interpreter")]
    assert record.to_wire()["tools"][1] == {"type": "code_interpreter"}
    assert (record.response_format, record.temperature) == ({"type": "json_object"}, 0.0)


def test_events() -> None:
    event = read_event("thread.run.requires_action", RUN)
    assert isinstance(event, RunEvent)
    assert [call.id for call in event.data.pending_calls] == ["call_1"]
    delta = {"id": "msg_1", "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "Hi"}}]}}
    event = read_event("thread.message.delta", delta)
    assert isinstance(event, MessageDeltaEvent)
    assert event.text == "Hi"


@pytest.mark.parametrize("name", ["ping", "thread.created", "message", "thread.run.meditating"])
def test_events_that_say_nothing_of_a_run(name: str) -> None:
    assert read_event(name, json.loads("null")) is None


def test_a_delta_of_the_role_alone_says_nothing() -> None:
    assert read_event("thread.message.delta", {"id": "msg_1", "delta": {"role": "assistant"}}) is None


def test_an_event_without_an_object() -> None:
    with pytest.raises(ValueError, match="no object"):
        read_event("thread.run.created", [])
