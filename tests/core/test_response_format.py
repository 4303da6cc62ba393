"""Answers held to a schema: validated, repaired once, and given as an instance of a type."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunFailed
from pydantic import BaseModel, field_validator


class Tag(BaseModel):
    """A price tag."""

    price: float

    @field_validator("price")
    @classmethod
    def check(cls, price: float) -> float:
        if price == 13:
            raise ValueError("an unlucky price")
        return price


@dataclass
class Point:
    x: int
    y: int = 0


SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "tag", "schema": {"type": "object", "required": ["price"], "properties": {"price": {}}}},
}


async def ask(model, **options):
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        return await thread.run(await client.assistants.create(), **options).result()


async def test_a_pydantic_model_gives_its_instance(scripted) -> None:
    model = scripted(['{"price"', ": 2.5}"])
    result = await ask(model, response_format=Tag)
    assert result.output == Tag(price=2.5)
    assert result.output.price * 2 == 5
    assert result.text == '{"price": 2.5}'
    schema = model.requests[0].response_schema
    assert schema is not None
    assert (schema.name, schema.schema["required"]) == ("Tag", ["price"])


async def test_another_type_that_pydantic_knows_gives_its_instance(scripted) -> None:
    assert (await ask(scripted(['{"x": 1}']), response_format=Point)).output == Point(1, 0)
    assert (await ask(scripted(["[1]"], ["7"]), response_format=int)).output == 7


async def test_a_schema_given_as_the_wires_dict_leaves_the_output_a_text(scripted) -> None:
    assert (await ask(scripted(['{"price": 1}']), response_format=SCHEMA)).output == '{"price": 1}'


async def test_a_schema_may_be_any_mapping(scripted) -> None:
    inner = MappingProxyType({"name": "tag", "schema": MappingProxyType({"type": "array"})})
    model = scripted(["{}"], ["[]"])
    await ask(model, response_format=MappingProxyType({"type": "json_schema", "json_schema": inner}))
    assert model.requests[0].response_schema is not None
    assert model.requests[0].response_schema.name == "tag"
    assert len(model.requests) == 2


async def test_json_object_holds_the_answer_to_an_object(scripted) -> None:
    assert (await ask(scripted(["{}"]), response_format={"type": "json_object"})).text == "{}"
    with pytest.raises(RunFailed):
        await ask(scripted(["[]"], ["[]"]), response_format={"type": "json_object"})


async def test_text_and_auto_hold_it_to_nothing(scripted) -> None:
    for wanted in ("auto", {"type": "text"}, None):
        model = scripted(["not json"])
        assert (await ask(model, response_format=wanted)).text == "not json"
        assert model.requests[0].response_schema is None


async def test_the_assistants_format_holds_unless_the_run_has_its_own(scripted) -> None:
    model = scripted(['{"price": 1}'], ["plain"])
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create(response_format=SCHEMA)
        thread = await client.threads.create(messages=["go"])
        await thread.run(assistant).result()
        await thread.run(assistant, response_format="auto").result()
    assert [request.response_schema is None for request in model.requests] == [False, True]


@pytest.mark.parametrize("bad", ["not json", "{}", '{"price": "much"}'])
async def test_an_answer_that_breaks_it_gets_one_repair_turn(scripted, bad: str) -> None:
    model = scripted([bad], ['{"price": 1}'])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(), response_format=Tag).result()
        assert result.output == Tag(price=1)
        told = model.requests[1].messages
        assert [message.role for message in told] == ["user", "assistant", "user"]
        assert told[1].text == bad
        assert "does not fit" in told[2].text
        said = [(message.role, message.text) async for message in thread.messages()]
        assert said == [("user", "go"), ("assistant", bad), ("assistant", '{"price": 1}')]


async def test_a_second_bad_answer_fails_the_run(scripted) -> None:
    model = scripted(["bad"], ["worse"], ['{"price": 1}'])
    with pytest.raises(RunFailed) as caught:
        await ask(model, response_format=Tag)
    assert caught.value.code == "invalid_output"
    assert len(model.requests) == 2


async def test_a_refusal_is_not_repaired(scripted) -> None:
    from anyassistant.protocols import ModelDelta

    model = scripted([ModelDelta(refusal="I will not."), ModelDelta(finish_reason="refusal")])
    result = await ask(model, response_format=SCHEMA)
    assert result.text == "I will not."


async def test_an_answer_refused_by_the_types_own_validator_is_invalid_output(scripted) -> None:
    with pytest.raises(RunFailed, match="an unlucky price") as caught:
        await ask(scripted(['{"price": 13}']), response_format=Tag)
    assert caught.value.code == "invalid_output"


async def test_tools_may_be_called_before_the_answer(scripted, make_call) -> None:
    def price() -> int:
        """The price."""
        return 3

    model = scripted([make_call("price")], ['{"price": 3}'])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[price]), response_format=Tag).result()
    assert result.output.price == 3


async def test_echo_answers_with_json(client: AsyncClient) -> None:
    class Request(BaseModel):
        model: str
        messages: list[str]

    thread = await client.threads.create(messages=["REQUEST"])
    result = await thread.run(await client.assistants.create(), response_format=Request).result()
    assert result.output == Request(model="echo", messages=["user"])


async def test_a_resumed_run_gives_the_type_too(client: AsyncClient, scripted, make_call) -> None:
    tool = {"type": "function", "function": {"name": "elsewhere"}}
    async with AsyncClient(scripted([make_call("elsewhere")], ['{"price": 3}']), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        record = await thread.run(await client.assistants.create(tools=[tool]), response_format=Tag).wait()
        run = await thread.resume(response_format=Tag)
        assert run is not None
        await run.submit_tool_outputs({record.pending_calls[0].id: "x"})
        assert (await run.result()).output == Tag(price=3)
