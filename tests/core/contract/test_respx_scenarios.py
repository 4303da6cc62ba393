"""A double of a service in the service's own wire: that of the package which `anyassistant provider new` writes."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from anyassistant.cli.new_package import NewPackage
from anyassistant.contract import Patience, RespxScenarios, Result, ScriptedCall, checks_of, sse
from anyassistant.contract.answers import collect
from anyassistant.contract.runner import run_check
from anyassistant.contract.subjects import subject_of
from anyassistant.errors import ConfigError, InvalidRequest, ProviderError
from anyassistant.http import WireClient, WireConfig
from anyassistant.protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelRequest,
    ToolCallDelta,
    ToolMessage,
    Usage,
    UserMessage,
)
from anyassistant.types import Text, ToolCall, ToolSpec

WEATHER = ToolSpec("get_weather", "Tell the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
CALL = ScriptedCall("get_weather", {"city": "Malmö"})
CHECKS = {check.id: check for check in checks_of()}


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The modules of a package as it is written."""
    folder = tmp_path_factory.mktemp("written") / "anyassistant-double"
    NewPackage("double").write(folder)
    modules = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), str(folder / "tests"), *sys.path])
        yield SimpleNamespace(
            mapping=import_module("anyassistant_double.mapping"),
            model=import_module("anyassistant_double.model"),
            package=import_module("anyassistant_double"),
            scenarios=import_module("scenarios"),
        )
    for name in set(sys.modules) - modules:
        if name == "scenarios" or name.startswith("anyassistant_double"):
            del sys.modules[name]


@pytest.fixture
def scenarios(written: SimpleNamespace) -> RespxScenarios:
    made: RespxScenarios = written.scenarios.DoubleScenarios()
    return made


@pytest.fixture
def staged(scenarios: RespxScenarios) -> Iterator[None]:
    with scenarios.staged("errors: a check"):
        yield


@pytest.fixture
async def model(written: SimpleNamespace, staged: None, anyio_backend: str) -> AsyncGenerator[ChatModel, None]:
    made: ChatModel = written.package.DoubleModel(written.package.Config())
    yield made
    await made.aclose()


def asked(*messages: str | UserMessage | AssistantMessage | ToolMessage, **settings: Any) -> ModelRequest:
    told = [UserMessage([Text(one)]) if isinstance(one, str) else one for one in messages]
    return ModelRequest(run_id="run_1", model="m", messages=told, **settings)


async def test_an_answer_is_as_the_scene_says(scenarios: RespxScenarios, model: ChatModel) -> None:
    scene = scenarios.answer("Grüße,  two spaces\nand a line")
    answer = await collect(model.respond(asked(scene.message)))
    assert answer.text == scene.answer
    assert len(answer.pieces) > 1
    assert answer.finish_reasons == ["stop"]
    assert answer.usage == Usage(6, 7)


async def test_calls_have_ids_of_their_own_and_are_answered(scenarios: RespxScenarios, model: ChatModel) -> None:
    scene = scenarios.call(CALL, CALL)
    calls = (await collect(model.respond(asked(scene.message, tools=[WEATHER])))).calls
    assert [(one.name, one.values) for one in calls] == [("get_weather", {"city": "Malmö"})] * 2
    assert len({one.id for one in calls}) == 2
    made = [ToolCall(str(one.id), one.name, one.arguments) for one in calls]
    outputs = [ToolMessage(one.id, one.name, text) for one, text in zip(made, ("rain", "snow"), strict=True)]
    answer = await collect(model.respond(asked(scene.message, AssistantMessage("", made), *outputs, tools=[WEATHER])))
    assert answer.text == scenarios.answer_to_outputs(["rain", "snow"])


async def test_a_failure_has_all_that_the_scene_says(scenarios: RespxScenarios, model: ChatModel) -> None:
    scene = scenarios.fail("rate_limit_exceeded", "Slow down.", retry_after=2.5, request_id="req_9")
    with pytest.raises(ProviderError, match=r"Slow down\.") as caught:
        await collect(model.respond(asked(scene.message)))
    error = caught.value
    assert (error.code, error.status_code) == ("rate_limit_exceeded", 429)
    assert (error.retry_after, error.request_id) == (2.5, "req_9")


async def test_what_reached_the_model_is_reported(scenarios: RespxScenarios, model: ChatModel) -> None:
    answer = await collect(model.respond(asked(scenarios.report().message, temperature=0.0, tools=[WEATHER])))
    report = scenarios.read_report(answer.text)
    assert (report["temperature"], report["tools"], report["top_p"]) == (0, ["get_weather"], None)
    assert "reasoning_effort" not in report


async def test_a_slow_model_is_waited_for_in_its_answer(scenarios: RespxScenarios, model: ChatModel) -> None:
    scene = scenarios.wait(0.2)
    began = anyio.current_time()
    assert (await collect(model.respond(asked(scene.message)))).text == scene.answer
    assert anyio.current_time() - began >= 0.2


async def test_a_slow_model_can_be_given_up_and_asked_again(scenarios: RespxScenarios, model: ChatModel) -> None:
    with anyio.move_on_after(0.1) as scope:
        await collect(model.respond(asked(scenarios.stay_busy().message)))
    assert scope.cancelled_caught
    async with aclosing(model.respond(asked(scenarios.long_answer(10_000).message))) as deltas:
        async for _ in deltas:
            break
    assert (await collect(model.respond(asked("Still there?")))).text == "ECHO: Still there?"


async def test_pieces_are_cut_anywhere(scenarios: RespxScenarios, written: SimpleNamespace, staged: None) -> None:
    body = written.mapping.request_to_wire(asked("ääää"))
    async with httpx.AsyncClient() as client, client.stream("POST", scenarios.url, json=body) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    assert any(not piece.endswith(b"\n\n") for piece in pieces)
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (
            [AssistantMessage("", [ToolCall("call_1", "f", "{}")]), ToolMessage("call_2", "f", "x")],
            "no call of the turn",
        ),
        ([AssistantMessage("", [ToolCall("call_1", "f", "{}")])], "have no output"),
        ([AssistantMessage("", [ToolCall("call_1", "f", "{}")]), UserMessage([Text("?")])], "have no output"),
    ],
    ids=["an output of another call", "a call without output", "a message between call and output"],
)
async def test_a_history_that_no_service_takes_is_refused(model: ChatModel, history: list[Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        await collect(model.respond(asked("Hello.", *history)))


async def test_a_request_that_cannot_be_read_is_refused(scenarios: RespxScenarios, staged: None) -> None:
    wire = WireClient(WireConfig(base_url=scenarios.url))
    with pytest.raises(InvalidRequest, match="KeyError: 'messages'"):
        await wire.post("", {"model": "m"})
    await wire.aclose()


async def test_what_is_sent_elsewhere_does_not_reach_the_network(staged: None) -> None:
    with pytest.raises(AssertionError, match="not mocked"):
        async with httpx.AsyncClient() as client:
            await client.get("https://api.example.com/v1/models")


def test_without_respx_it_is_said_what_to_install(scenarios: RespxScenarios, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "respx", None)
    with pytest.raises(ConfigError, match=r"anyassistant\[contract\]"), scenarios.staged("errors: a check"):
        pass


class Lines(RespxScenarios):
    """A wire of JSON lines, with calls as a whole and without ids, that knows refusals and states."""

    url = "https://lines.example.com/"
    media_type = "application/x-ndjson"
    refuses = True
    state = "signature 1"

    def read_request(self, request: httpx.Request) -> ModelRequest:
        turns = [
            UserMessage([Text(one["text"])])
            if one["role"] == "user"
            else AssistantMessage(one["text"], provider_state=one["state"])
            for one in json.loads(request.content)
        ]
        return asked(*turns, tools=[WEATHER])

    async def write_answer(self, deltas: AsyncGenerator[ModelDelta, None]) -> AsyncGenerator[bytes, None]:
        async for delta in deltas:
            call = delta.tool_call
            told = {
                "text": delta.text,
                "refusal": delta.refusal,
                "end": delta.finish_reason,
                "state": delta.provider_state,
            }
            called = {} if call is None else {"name": call.name, "arguments": call.arguments}
            yield json.dumps(told | called).encode() + b"\n"


class Lined(ChatModel):
    capabilities = Capabilities(tools=True, streaming=True)

    def __init__(self) -> None:
        self._wire = WireClient(WireConfig(base_url="https://lines.example.com"))

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        turns = [
            {"role": one.role, "text": one.text, "state": self.state_of(one)}
            for one in request.messages
            if not isinstance(one, ToolMessage)
        ]
        async with self._wire.ndjson("/any/path", turns) as lines:
            async for line in lines:
                yield ModelDelta(line["text"], line["refusal"], provider_state=line["state"], finish_reason=line["end"])
                if "name" in line:
                    yield ModelDelta(tool_call=ToolCallDelta(line["name"], line["arguments"]))

    def state_of(self, message: UserMessage | AssistantMessage) -> object:
        return message.provider_state if isinstance(message, AssistantMessage) else None


async def test_another_wire_has_whole_calls_and_refusals(anyio_backend: str) -> None:
    scenarios, model = Lines(), Lined()
    with scenarios.staged("tools: a check"):
        called = await collect(model.respond(asked(scenarios.call(CALL).message)))
        refused = await collect(model.respond(asked(scenarios.refuse().message)))
    assert [one.values for one in called.calls] == [{"city": "Malmö"}]
    assert (refused.text, refused.refusal, refused.finish_reasons) == ("", "I will not.", ["refusal"])


class Forgetful(Lined):
    def state_of(self, message: UserMessage | AssistantMessage) -> object:
        return None


def test_a_state_goes_the_whole_way_and_is_missed_where_it_does_not() -> None:
    for check in (one for id, one in CHECKS.items() if id.startswith("provider state: ")):
        result = run_check(check, subject_of(Lined, scenarios=Lines()))
        assert result.result == "passed", result
    result = run_check(CHECKS["provider state: a state is taken back"], subject_of(Forgetful, scenarios=Lines()))
    assert "the state 'signature 1' and came with None" in result.reason


def test_an_event_may_have_a_name_and_a_text() -> None:
    assert sse({"a": "ä"}, event="delta") == 'event: delta\ndata: {"a": "ä"}\n\n'.encode()
    assert sse("[DONE]") == b"data: [DONE]\n\n"


def forget_usage(mapping: ModuleType) -> dict[str, object]:
    def deltas(chunk: Any) -> Iterator[ModelDelta]:
        return mapping.chunk_to_deltas({**chunk, "usage": None})

    return {"chunk_to_deltas": deltas}


def forget_a_temperature_of_0(mapping: ModuleType) -> dict[str, object]:
    def body(request: ModelRequest) -> dict[str, object]:
        return {name: value for name, value in mapping.request_to_wire(request).items() if value}

    return {"request_to_wire": body}


def number_calls_by_itself(mapping: ModuleType) -> dict[str, object]:
    def body(request: ModelRequest) -> dict[str, object]:
        wire = mapping.request_to_wire(request)
        for at, message in enumerate(wire["messages"]):
            if message["role"] == "tool":
                message["tool_call_id"] = f"call_{at}"
        return wire

    return {"request_to_wire": body}


def keep_the_first_piece_of_arguments(mapping: ModuleType) -> dict[str, object]:
    def deltas(chunk: Any) -> Iterator[ModelDelta]:
        found = mapping.chunk_to_deltas(chunk)
        return (one for one in found if one.tool_call is None or one.tool_call.id is not None)

    return {"chunk_to_deltas": deltas}


def send_empty_turns(mapping: ModuleType) -> dict[str, object]:
    def body(request: ModelRequest) -> dict[str, object]:
        wire = mapping.request_to_wire(request)
        for message in wire["messages"]:
            if message["role"] == "assistant":
                message["content"] = ""
        return wire

    return {"request_to_wire": body}


def send_no_arguments(mapping: ModuleType) -> dict[str, object]:
    def body(request: ModelRequest) -> dict[str, object]:
        wire = mapping.request_to_wire(request)
        for message in wire["messages"]:
            for call in message.get("tool_calls", ()):
                call["function"]["arguments"] = "{}"
        return wire

    return {"request_to_wire": body}


def hold_back(mapping: ModuleType) -> dict[str, object]:
    respond = sys.modules["anyassistant_double.model"].DoubleModel.respond

    async def late(self: ChatModel, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        for delta in [one async for one in respond(self, request)]:
            yield delta

    return {"DoubleModel.respond": late}


def send_no_schema(mapping: ModuleType) -> dict[str, object]:
    def body(request: ModelRequest) -> dict[str, object]:
        tools = [replace(one, parameters={"type": "object"}) for one in request.tools]
        return mapping.request_to_wire(replace(request, tools=tools))

    return {"request_to_wire": body}


@pytest.mark.parametrize(
    ("change", "check", "came"),
    [
        (forget_usage, "usage: the usage of an answer is reported", "none"),
        (forget_a_temperature_of_0, "model requests: a temperature of 0 arrives", "None"),
        (number_calls_by_itself, "tools: an output leads to an answer", "no call of the turn"),
        (send_empty_turns, "model requests: what was said arrives to the letter", "('assistant', '')"),
        (send_no_arguments, "model requests: past calls arrive as they were made", "{}"),
        (hold_back, "streaming: a claimed stream is not held back", "none before"),
        (send_no_schema, "model requests: tools arrive with description and schema", "{'type': 'object'}"),
        (keep_the_first_piece_of_arguments, "tools: a call has its name and arguments", "JSON"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_provider_is_caught(
    written: SimpleNamespace,
    scenarios: RespxScenarios,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[ModuleType], dict[str, object]],
    check: str,
    came: str,
) -> None:
    def result() -> Result:
        subject = subject_of(
            lambda: written.package.DoubleModel(written.package.Config()),
            scenarios=scenarios,
            patience=Patience(check=10.0),
        )
        return run_check(CHECKS[check], subject)

    assert result().result == "passed"
    for name, wrong in change(written.mapping).items():
        monkeypatch.setattr(f"{written.model.__name__}.{name}", wrong)
    caught = result()
    assert caught.result == "failed"
    assert came in caught.reason
