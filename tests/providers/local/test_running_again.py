"""The assistant runs again, though the user has said nothing new, on the real weights."""

from collections.abc import Iterator, Sequence

import pytest
from anyassistant import Client, Run, Thread
from anyassistant.errors import RunIncomplete
from anyassistant.protocols import (
    AssistantMessage,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ToolChoice,
    ToolMessage,
    UserMessage,
)
from anyassistant.types import Text, ToolCall, ToolSpec
from anyassistant_local import LocalModel
from anyassistant_local.engine import Engine
from anyassistant_local.weights import DEFAULT_MODEL
from pydantic import BaseModel, Field

GREETING = [UserMessage([Text("How is the weather in Paris?")]), AssistantMessage("Let me think about")]
WEATHER = ToolSpec("get_weather", "Get the current weather.", {"type": "object", "properties": {}})
CALL = ToolCall("call_1", "get_weather", "{}")
RESULT = ToolMessage("call_1", "get_weather", "It is sunny.")


class Book(BaseModel):
    title: str = Field(max_length=30)
    author: str = Field(max_length=30)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    with Client("local", store=":memory:") as client:
        yield client


@pytest.fixture
def thread(client: Client) -> Thread:
    return client.threads.create()


def listen(run: Run[str]) -> str:
    try:
        return run.result().text
    except RunIncomplete as incomplete:
        return incomplete.text


def test_a_story_that_is_cut_twice_goes_on(client: Client, thread: Thread) -> None:
    assistant = client.assistants.create(name="Teller")
    thread.add("Tell me a long story.")
    said = [listen(thread.run(assistant, max_completion_tokens=budget, temperature=0)) for budget in (10, 20, 60)]

    assert all(said)


def test_an_answered_greeting_is_answered_again(client: Client, thread: Thread) -> None:
    assistant = client.assistants.create(name="Greeter")
    thread.add("Hello!")

    answers = [listen(thread.run(assistant, temperature=0, max_completion_tokens=40)) for _ in range(3)]

    assert all(answers)


def test_a_schema_is_followed_again(client: Client, thread: Thread) -> None:
    assistant = client.assistants.create(name="Librarian")
    thread.add("Name a book.")

    books = [thread.run(assistant, response_format=Book, temperature=0).result().output for _ in range(3)]

    assert all(isinstance(book, Book) for book in books)


@pytest.mark.parametrize("instructions", [None, "You name famous books."])
def test_a_schema_is_followed_on_a_thread_without_messages(
    client: Client, thread: Thread, instructions: str | None
) -> None:
    assistant = client.assistants.create(name="Librarian", instructions=instructions)

    assert isinstance(thread.run(assistant, response_format=Book, temperature=0).result().output, Book)


@pytest.mark.parametrize(
    ("messages", "choice", "called"),
    [
        (GREETING, "auto", []),
        ([], "auto", []),
        (GREETING, "required", ["get_weather"]),
        ([], NamedTool("get_weather"), ["get_weather"]),
        ([AssistantMessage("", [CALL]), RESULT], NamedTool("get_weather"), []),
        ([*GREETING, AssistantMessage("", [CALL]), RESULT], "required", []),
    ],
)
async def test_without_a_new_message_no_tool_is_called_but_the_one_that_must_be(
    model: LocalModel, messages: Sequence[ModelMessage], choice: ToolChoice, called: Sequence[str]
) -> None:
    request = ModelRequest(
        "run_1", DEFAULT_MODEL, messages, tools=[WEATHER], tool_choice=choice, max_completion_tokens=20
    )

    deltas = [delta async for delta in model.respond(request)]

    assert [delta.tool_call.name for delta in deltas if delta.tool_call] == called
    assert called or any(delta.text for delta in deltas)


async def test_what_a_tool_has_given_is_told_again(model: LocalModel) -> None:
    messages = [GREETING[0], AssistantMessage("", [CALL]), RESULT, AssistantMessage("It is")]

    deltas = [delta async for delta in model.respond(ModelRequest("run_1", DEFAULT_MODEL, messages, tools=[WEATHER]))]

    assert "".join(delta.text for delta in deltas) == "It is sunny."
