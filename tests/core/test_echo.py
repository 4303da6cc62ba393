"""The contract of `echo`, on which other programs rely, line by line."""

import json

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ProviderError, RunFailed, RunIncomplete
from anyassistant.types import RunResult


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def greet(name: str = "you") -> str:
    """Greet somebody."""
    return f"hello {name}"


async def ask(client: AsyncClient, text: str, *, instructions: str | None = None, **options: object) -> RunResult[str]:
    assistant = await client.assistants.create(tools=[add, greet], instructions=instructions)
    thread = await client.threads.create(messages=[text])
    return await thread.run(assistant, **options).result()  # type: ignore[arg-type]


async def test_it_says_the_last_user_text_again(client: AsyncClient) -> None:
    assert (await ask(client, "hello  there\nyou")).text == "ECHO: hello  there\nyou"


async def test_it_streams_word_by_word(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["a b  c"])
    events = [event async for event in thread.run(assistant).events()]
    texts = [event.text for event in events if event.event == "thread.message.delta"]
    assert texts == ["ECHO: ", "a ", "b  ", "c"]


async def test_a_line_call_becomes_a_tool_call(client: AsyncClient) -> None:
    result = await ask(client, 'Please\n  CALL add {"a": 1, "b": 2}  \nthank you')
    assert result.text == "TOOL RESULT: 3"
    assert [(call.name, call.arguments, call.output) for call in result.steps[0].tool_calls] == [
        ("add", '{"a": 1, "b": 2}', "3")
    ]


async def test_a_call_of_a_tool_that_is_not_attached_is_no_call(client: AsyncClient) -> None:
    assert (await ask(client, "CALL nope {}")).text == "ECHO: CALL nope {}"


async def test_a_call_with_an_exclamation_mark_calls_what_is_not_attached(client: AsyncClient) -> None:
    result = await ask(client, "CALL! nope {}")
    [call] = result.steps[0].tool_calls
    assert call.name == "nope"
    assert result.text == f"TOOL RESULT: {call.output}"
    assert "nope" in str(call.output)
    assert "add" in str(call.output), "it names the tools that there are"


async def test_what_follows_the_name_goes_out_as_it_stands(client: AsyncClient) -> None:
    result = await ask(client, "CALL greet not json {")
    assert result.steps[0].tool_calls[0].arguments == "not json {"


async def test_a_call_may_have_no_arguments(client: AsyncClient) -> None:
    assert (await ask(client, "CALL greet")).text == "TOOL RESULT: hello you"


async def test_several_lines_are_parallel_calls_of_one_turn(client: AsyncClient) -> None:
    result = await ask(client, 'CALL add {"a": 1, "b": 2}\nCALL greet {"name": "ann"}')
    assert result.text == "TOOL RESULT: 3 | hello ann"
    assert [len(step.tool_calls) for step in result.steps] == [2, 0]


async def test_without_parallel_calls_it_makes_one_a_turn(client: AsyncClient) -> None:
    text = 'CALL add {"a": 1, "b": 2}\nCALL greet {}\nTHEN\nCALL add {"a": 3, "b": 4}'
    result = await ask(client, text, parallel_tool_calls=False)
    assert result.text == "TOOL RESULT: 3 | hello you | 7"
    assert [len(step.tool_calls) for step in result.steps] == [1, 1, 1, 0]


async def test_a_line_then_begins_the_next_round(client: AsyncClient) -> None:
    result = await ask(client, 'CALL add {"a": 1, "b": 2}\nCALL greet {}\nTHEN\nCALL add {"a": 3, "b": 4}')
    assert result.text == "TOOL RESULT: 3 | hello you | 7"
    assert [len(step.tool_calls) for step in result.steps] == [2, 1, 0]


async def test_tool_choice_none_makes_no_calls(client: AsyncClient) -> None:
    text = 'CALL add {"a": 1, "b": 2}\nCALL! nope {}'
    assert (await ask(client, text, tool_choice="none")).text == f"ECHO: {text}"


async def test_only_the_last_user_message_counts(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[greet])
    thread = await client.threads.create(messages=["CALL greet {}"])
    assert (await thread.run(assistant).result()).text == "TOOL RESULT: hello you"
    await thread.add("thanks")
    assert (await thread.run(assistant).result()).text == "ECHO: thanks"
    await thread.add('CALL greet {"name": "bob"}')
    assert (await thread.run(assistant).result()).text == "TOOL RESULT: hello bob"


async def test_fail_makes_the_model_call_fail_with_that_code(client: AsyncClient) -> None:
    with pytest.raises(RunFailed, match="try again later") as caught:
        await ask(client, "FAIL rate_limit_exceeded try again later")
    assert caught.value.code == "rate_limit_exceeded"
    assert isinstance(caught.value.__cause__, ProviderError)
    assert caught.value.__cause__.code == "rate_limit_exceeded"


async def test_fail_comes_after_the_calls_and_after_sleep(client: AsyncClient) -> None:
    with pytest.raises(RunFailed) as caught:
        await ask(client, "FAIL server_error oh\nSLEEP 0.01\nCALL greet {}")
    run = await client.runs.get(caught.value.run.id)
    assert [step.status async for step in run.steps()] == ["completed"]


async def test_tokens_gives_that_many_deltas(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["TOKENS 5"])
    run = thread.run(assistant)
    texts = [event.text async for event in run.events() if event.event == "thread.message.delta"]
    assert texts == ["tok "] * 5
    assert (await run.result()).text == "tok " * 5
    assert run.record.usage is not None
    assert run.record.usage.completion_tokens == 5


async def test_request_shows_what_the_model_was_given(client: AsyncClient) -> None:
    result = await ask(client, "REQUEST", instructions="be brief", temperature=0, top_p=0.5, max_completion_tokens=400)
    assert json.loads(result.text) == {
        "model": "echo",
        "instructions": "be brief",
        "temperature": 0,
        "top_p": 0.5,
        "max_completion_tokens": 400,
        "reasoning_effort": None,
        "response_schema": None,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "tools": ["add", "greet"],
        "messages": ["user"],
    }


async def test_after_calls_the_result_goes_before_tokens_and_request(client: AsyncClient) -> None:
    assert (await ask(client, "CALL greet {}\nTOKENS 3\nREQUEST")).text == "TOOL RESULT: hello you"


async def test_max_completion_tokens_cuts_after_that_many_words(client: AsyncClient) -> None:
    with pytest.raises(RunIncomplete) as caught:
        await ask(client, "one two three", max_completion_tokens=2)
    assert caught.value.text == "ECHO: one "
    assert caught.value.reason == "max_completion_tokens"
    assert caught.value.run.usage is not None
    assert caught.value.run.usage.completion_tokens == 2


async def test_an_answer_of_exactly_as_many_words_is_complete(client: AsyncClient) -> None:
    assert (await ask(client, "one two", max_completion_tokens=3)).text == "ECHO: one two"


async def test_usage_counts_words_in_and_out(client: AsyncClient) -> None:
    result = await ask(client, "one two three", instructions="be very brief")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (6, 4)
    assert result.usage.total_tokens == 10


async def test_usage_of_a_call_counts_its_name_and_arguments(client: AsyncClient) -> None:
    result = await ask(client, 'CALL add {"a": 1, "b": 2}')
    first, second = (step.usage for step in result.steps)
    assert first is not None
    assert second is not None
    assert (first.prompt_tokens, first.completion_tokens) == (6, 5)
    assert (second.prompt_tokens, second.completion_tokens) == (6 + 5 + 1, 3)
    assert result.usage == first + second


@pytest.mark.parametrize("text", ["TOKENS many", "TOKENS 0", "TOKENS inf", "TOKENS -1"])
async def test_an_answer_without_words_fails_the_run(client: AsyncClient, text: str) -> None:
    with pytest.raises(RunFailed) as caught:
        await ask(client, text)
    assert caught.value.code == "empty_response"
