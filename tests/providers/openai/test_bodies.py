"""What is asked of the service, and what is refused before anything is sent; see `test_same_requests.py` too."""

from __future__ import annotations

import pytest
from anyassistant.errors import InvalidRequest, UnsupportedCapability
from anyassistant.protocols import AssistantParams, MessageParams, RunParams
from anyassistant.types import HostedTool, PageQuery, Refusal, Text, ToolSpec
from anyassistant_openai.bodies import (
    assistant_body,
    assistant_changes,
    message_body,
    page_parameters,
    run_body,
)

SPEC = ToolSpec("order", "Order.", {"type": "object"})


def refused(params: RunParams) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        run_body(params)
    return caught.value


def test_more_tools_of_a_run_than_the_wire_takes() -> None:
    tools = [ToolSpec(f"tool_{at}", "", {"type": "object"}) for at in range(21)]
    assert refused(RunParams("asst_1", tools=tools[:20], hosted_tools=[HostedTool("file_search")])).param == "tools"
    assert len(run_body(RunParams("asst_1", tools=tools[:20]))["tools"]) == 20
    error = refused(RunParams("asst_1", tools=tools))
    assert (error.param, error.code) == ("tools", "too_many_items")
    assert "128" in str(error)  # what to do


def test_more_additional_messages_than_the_wire_takes() -> None:
    error = refused(RunParams("asst_1", additional_messages=[MessageParams([Text("x")])] * 33))
    assert (error.param, error.code) == ("additional_messages", "too_many_items")


@pytest.mark.parametrize("name", ["max_prompt_tokens", "max_completion_tokens"])
def test_fewer_tokens_than_the_wire_takes(name: str) -> None:
    assert refused(RunParams("asst_1", **{name: 255})).param == name
    assert run_body(RunParams("asst_1", **{name: 256}))[name] == 256


def test_the_service_says_when_a_run_expires() -> None:
    error = refused(RunParams("asst_1", expires_in=5))
    assert isinstance(error, UnsupportedCapability)
    assert error.param == "expires_in"


@pytest.mark.parametrize("query", [PageQuery(status="queued"), PageQuery(metadata={"k": "v"})])
def test_lists_that_the_wire_cannot_filter(query: PageQuery) -> None:
    with pytest.raises(UnsupportedCapability):
        page_parameters(query)


def test_an_assistant_needs_a_model() -> None:
    with pytest.raises(InvalidRequest) as caught:
        assistant_body(AssistantParams(name="n"))
    assert caught.value.param == "model"


def test_a_change_makes_the_assistant_what_is_said() -> None:
    search = HostedTool("file_search")
    body = assistant_changes(AssistantParams(tools=[SPEC], hosted_tools=[search], temperature=0))
    assert body["tools"] == [SPEC.to_wire(), {"type": "file_search"}]
    assert (body["name"], body["temperature"], body["response_format"]) == (None, 0, "auto")
    assert "model" not in body  # it cannot be without


def test_what_is_zero_or_empty_is_said() -> None:
    assert run_body(RunParams("asst_1", temperature=0, tools=[], instructions="")) == {
        "assistant_id": "asst_1",
        "temperature": 0,
        "tools": [],
        "instructions": "",
    }


def test_a_refusal_goes_as_text() -> None:
    body = message_body(MessageParams([Text("I said:"), Refusal("No.")], "assistant"))
    assert body["content"] == [{"type": "text", "text": "I said:"}, {"type": "text", "text": "No."}]
