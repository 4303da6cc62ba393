"""What a model is given of a long thread: whole turns are left out, the oldest first."""

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunFailed, RunIncomplete
from anyassistant.protocols import Capabilities, ModelRequest
from hypothesis import given, settings
from hypothesis import strategies as st


def look_up(word: str) -> str:
    """Look a word up."""
    return "found " * 5


def texts(request: ModelRequest) -> list[str]:
    return [message.text for message in request.messages]


class Counting:
    """Mixed into a model: it counts words, ten a message at least."""

    async def count_tokens(self, request: ModelRequest) -> int:
        return sum(max(10, len(text.split())) for text in texts(request))


@pytest.fixture(params=["counting", "estimating"])
def model_type(request, scripted):
    if request.param == "counting":
        return type("CountingModel", (Counting, scripted), {})
    return scripted


async def test_without_a_bound_everything_is_sent(scripted) -> None:
    model = scripted()
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=[f"m{n}" for n in range(200)])
        await thread.run(await client.assistants.create()).result()
    assert len(model.requests[0].messages) == 200


async def test_max_prompt_tokens_leaves_out_the_oldest_exchanges(model_type) -> None:
    model = model_type()
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create()
        for n in range(6):
            await thread.add(f"question {n} " + "w " * 30)
            await thread.run(assistant).result()
        await thread.add("the newest " + "w " * 30)
        await thread.run(assistant, max_prompt_tokens=100).result()
    said = texts(model.requests[-1])
    assert said[-1].startswith("the newest")
    assert 1 < len(said) < 13
    assert model.requests[-1].messages[0].role == "user", "a prompt begins with what the user said"
    before = [*texts(model.requests[-2]), "done", said[-1]]
    assert said == before[-len(said) :], "the newest are kept"


async def test_a_run_whose_newest_message_does_not_fit_is_incomplete_and_the_thread_usable(model_type) -> None:
    model = model_type()
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["w " * 400])
        with pytest.raises(RunIncomplete) as caught:
            await thread.run(assistant, max_prompt_tokens=50).result()
        assert caught.value.reason == "max_prompt_tokens"
        assert model.requests == [], "the model is not called with what does not fit"
        await thread.add("short")
        assert (await thread.run(assistant, max_prompt_tokens=50).result()).text == "done"
    assert texts(model.requests[0]) == ["short"]


async def test_trimming_never_splits_a_call_from_its_output(scripted, make_call) -> None:
    rounds = 6
    for bound in range(20, 200, 12):
        model = scripted(*[[make_call("look_up", f'{{"word": "w{n}"}}')] for n in range(rounds)])
        async with AsyncClient(model, store=":memory:") as client:
            assistant = await client.assistants.create(tools=[look_up])
            thread = await client.threads.create(messages=["go"])
            record = await thread.run(assistant, max_prompt_tokens=bound).wait()
        assert record.status in ("completed", "incomplete")  # the model asserts that each request is valid
        if record.status == "completed":
            assert model.requests[-1].messages[0].text == "go"
            assert model.requests[-1].messages[-1].role == "tool", "the run's last turn is always there"


async def test_the_runs_own_oldest_turns_go_when_nothing_else_is_left(scripted, make_call) -> None:
    model = scripted(*[[make_call("look_up", f'{{"word": "w{n}"}}')] for n in range(8)])
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create(tools=[look_up])
        thread = await client.threads.create(messages=["go"])
        record = await thread.run(assistant, max_prompt_tokens=120).wait()
    assert record.status == "completed"
    assert len(model.requests[-1].messages) < 1 + 2 * 8
    assert [one.role for one in model.requests[-1].messages[:3]] == ["user", "assistant", "tool"]


async def test_last_messages_sends_the_newest_only(scripted) -> None:
    model = scripted()
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=[f"m{n}" for n in range(10)])
        strategy = {"type": "last_messages", "last_messages": 3}
        await thread.run(await client.assistants.create(), truncation_strategy=strategy).result()
    assert texts(model.requests[0]) == ["m7", "m8", "m9"]


async def test_last_messages_keeps_what_the_run_itself_did(scripted, make_call) -> None:
    model = scripted(*[[make_call("look_up", f'{{"word": "w{n}"}}')] for n in range(3)])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["old", "new"])
        strategy = {"type": "last_messages", "last_messages": 1}
        await thread.run(await client.assistants.create(tools=[look_up]), truncation_strategy=strategy).result()
    assert [one.role for one in model.requests[-1].messages] == ["user"] + ["assistant", "tool"] * 3
    assert model.requests[-1].messages[0].text == "new"


async def test_the_models_context_is_filled_and_not_exceeded(scripted) -> None:
    counting = type("CountingModel", (Counting, scripted), {})
    model = counting(capabilities=Capabilities(context_tokens=45))
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=[f"m{n}" for n in range(30)])
        await thread.run(await client.assistants.create()).result()
    assert texts(model.requests[0]) == ["m26", "m27", "m28", "m29"]


async def test_a_prompt_that_does_not_fit_the_models_context_fails_with_a_code(scripted) -> None:
    counting = type("CountingModel", (Counting, scripted), {})
    model = counting(capabilities=Capabilities(context_tokens=45))
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["w " * 100])
        with pytest.raises(RunFailed) as caught:
            await thread.run(await client.assistants.create()).result()
    assert caught.value.code == "context_length_exceeded"
    assert model.requests == []


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=90), bound=st.integers(5, 400))
async def test_what_is_sent_fits_and_is_the_longest_end_that_does(scripted, sizes: list[int], bound: int) -> None:
    class CountsWords(scripted):
        async def count_tokens(self, request: ModelRequest) -> int:
            return sum(5 + len(text.split()) for text in texts(request))

    model = CountsWords()
    messages = ["w " * size for size in sizes]
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=messages)
        record = await thread.run(await client.assistants.create(), max_prompt_tokens=bound).wait()
    fitting = next((at for at in range(len(sizes)) if sum(5 + size for size in sizes[at:]) <= bound), None)
    if fitting is None:
        assert record.status == "incomplete"
    else:
        assert texts(model.requests[0]) == messages[fitting:]


async def test_a_prompt_that_fits_is_counted_once(scripted) -> None:
    class Counted(Counting, scripted):
        counted = 0

        async def count_tokens(self, request: ModelRequest) -> int:
            self.counted += 1
            return await super().count_tokens(request)

    model = Counted()
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=[f"m{n}" for n in range(200)])
        await thread.run(await client.assistants.create(), max_prompt_tokens=10_000).result()
    assert len(model.requests[0].messages) == 200
    assert model.counted == 1
