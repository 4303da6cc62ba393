"""Events as the Assistants stream has them: names, objects, fields."""

from __future__ import annotations

import json

import pytest
from anyassistant.types import (
    ErrorEvent,
    Event,
    ExtensionEvent,
    Image,
    LastError,
    Message,
    MessageEvent,
    PendingCall,
    Refusal,
    RunEvent,
    RunRecord,
    RunStep,
    RunStepEvent,
    Text,
    ToolCall,
)
from anyassistant.types.events import message_delta

RUN = RunRecord("run_1", "thread_1", "asst_1", "queued", "m", metadata={"k": "v"})
STEP = RunStep("step_1", "tool_calls", "completed", tool_calls=[ToolCall("call_1", "f", "{}", "out", "secret")])
MESSAGE = Message("msg_1", "assistant", [Text("a"), Refusal("b")], run_id="run_1")


def data(event: Event) -> dict[str, object]:
    value: dict[str, object] = json.loads(event.to_sse().split("\n")[2].removeprefix("data: "))
    return value


def test_a_frame_has_name_id_and_data() -> None:
    event = RunEvent("thread.run.queued", RUN, 7)
    name, key, body, *rest = event.to_sse().split("\n")
    assert (name, key, rest) == ("event: thread.run.queued", "id: 7", ["", ""])
    assert json.loads(body.removeprefix("data: ")) == RUN.to_wire()


def test_a_run_has_the_wires_fields() -> None:
    assert set(RUN.to_wire()) == {
        "id", "object", "created_at", "thread_id", "assistant_id", "status", "required_action", "last_error",
        "expires_at", "started_at", "cancelled_at", "failed_at", "completed_at", "incomplete_details", "model",
        "instructions", "tools", "metadata", "usage", "temperature", "top_p", "max_prompt_tokens",
        "max_completion_tokens", "truncation_strategy", "response_format", "tool_choice", "parallel_tool_calls",
    }  # fmt: skip


def test_a_step_shows_what_the_model_was_told_and_not_the_error_in_full() -> None:
    event = RunStepEvent("thread.run.step.completed", STEP, 1)
    assert data(event)["step_details"] == {
        "type": "tool_calls",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}", "output": "out"}}
        ],
    }
    assert "secret" not in event.to_sse()


def test_a_message_creation_step_names_its_message() -> None:
    step = RunStep("step_1", "message_creation", "in_progress", message_id="msg_1")
    assert step.to_wire()["step_details"] == {
        "type": "message_creation",
        "message_creation": {"message_id": "msg_1"},
    }


def test_a_messages_parts() -> None:
    assert data(MessageEvent("thread.message.completed", MESSAGE, 1))["content"] == [
        {"type": "text", "text": {"value": "a", "annotations": []}},
        {"type": "refusal", "refusal": "b"},
    ]
    assert MESSAGE.text == "ab"


@pytest.mark.parametrize(("kind", "part"), [("text", {"text": {"value": "x"}}), ("refusal", {"refusal": "x"})])
def test_a_message_delta(kind, part) -> None:
    event = message_delta("msg_1", "x", 3, kind=kind)
    assert data(event) == {
        "id": "msg_1",
        "object": "thread.message.delta",
        "delta": {"content": [{"index": 0, "type": kind, **part}]},
    }
    assert event.text == "x"


def test_a_pending_call_has_no_output() -> None:
    assert PendingCall("call_1", "f", "{}").to_wire() == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }


def test_an_error_and_an_extension() -> None:
    assert data(ErrorEvent("error", LastError("server_error", "oh"), 1)) == {"code": "server_error", "message": "oh"}
    assert data(ExtensionEvent("anyassistant.reasoning.delta", {"text": "hm"}, 1)) == {"text": "hm"}


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\x00", "\u2028", "data: x\n\nevent: y", '"}', "ß€😀"])
def test_no_text_breaks_out_of_its_frame(text: str) -> None:
    frame = message_delta("msg_1", text, 1).to_sse()
    assert frame.count("\n") == 4
    assert frame.endswith("\n\n")
    assert "\r" not in frame
    assert data(message_delta("msg_1", text, 1))["delta"]["content"][0]["text"]["value"] == text  # type: ignore[index]


def test_images_on_the_wire(tmp_path) -> None:
    file = tmp_path / "tag.png"
    file.write_bytes(b"png")
    assert Image.from_path(file).to_wire() == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,cG5n", "detail": "auto"},
    }
    assert Image.from_url("data:image/png;base64,cG5n") == Image.from_path(file)
    assert Image.from_bytes(b"png", media_type="image/png").to_base64() == "cG5n"
    assert Image.from_file_id("file-1").to_wire()["image_file"] == {"file_id": "file-1", "detail": "auto"}
    with pytest.raises(ValueError, match="no bytes"):
        Image.from_url("https://x.test/a.png").to_base64()
    with pytest.raises(ValueError, match="from_bytes"):
        Image.from_path(tmp_path / "tag.txt")
    with pytest.raises(ValueError, match=r"base64|padding"):
        Image.from_url("data:image/png;base64,!!!")
