"""What is sent is what the official SDK sends for the same call."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from anyassistant.protocols import (
    AssistantParams,
    FileParams,
    MessageParams,
    NamedTool,
    RunParams,
    ThreadParams,
    VectorStoreParams,
)
from anyassistant.types import Attachment, HostedTool, Image, PageQuery, Text, ToolOutput, ToolSpec
from anyassistant_openai import OpenAIAssistants
from openai import AsyncOpenAI

from .double import KEY, Double
from .loopback import Request
from .shelf import form_of

SPEC = ToolSpec("order_item", "Order an item.", {"type": "object", "properties": {"item_id": {"type": "string"}}})
TOOL: Any = {
    "type": "function",
    "function": {"name": SPEC.name, "description": SPEC.description, "parameters": SPEC.parameters},
}
SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
PAGE = {"limit": 5, "order": "asc"}


@pytest.fixture(scope="module", params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The SDK's own transport is not under test."""
    return str(request.param)


@pytest.fixture
async def sdk(double: Double) -> AsyncGenerator[AsyncOpenAI, None]:
    async with AsyncOpenAI(base_url=double.url, api_key=KEY, organization="org_1", project="proj_1") as sdk:
        yield sdk


@pytest.fixture
def ours(make_provider: Callable[..., OpenAIAssistants]) -> OpenAIAssistants:
    return make_provider(organization="org_1", project="proj_1")


@dataclass
class Place:
    """Objects of the service's that the calls are about."""

    assistant: str
    thread: str
    run: str
    """On `thread`; it waits for an output of `call`."""
    call: str
    free: str
    """A thread without a run."""
    message: str
    """On `free`."""
    file: str
    store: str
    """A vector store with the file."""


async def make_place(ours: OpenAIAssistants) -> Place:
    asks = MessageParams([Text('CALL order_item {"item_id": "a"}')])
    assistant = await ours.create_assistant(AssistantParams(model="gpt-4o", tools=[SPEC]))
    thread = await ours.create_thread(ThreadParams([asks]))
    free = await ours.create_thread(ThreadParams([asks]))
    [message] = (await free.list_messages(PageQuery())).data
    run = await thread.create_run(RunParams(assistant.record.id), executor=None, follow=True)
    async for _ in run.events():
        pass
    [call] = run.record.pending_calls
    file = await ours.files().upload(FILE)
    store = await ours.vector_stores().create(VectorStoreParams(file_ids=[file.id]))
    return Place(
        assistant.record.id, thread.record.id, run.record.id, call.id, free.record.id, message.id, file.id, store.id
    )


Calls = tuple[Callable[[OpenAIAssistants, Place], Awaitable[object]], Callable[[AsyncOpenAI, Place], Awaitable[object]]]


async def closed(stream: Any) -> None:
    await (await stream).close()


async def on_thread(ours: OpenAIAssistants, thread_id: str, act: Callable[[Any], Awaitable[object]]) -> None:
    await act(await ours.get_thread(thread_id))


async def on_run(ours: OpenAIAssistants, at: Place, act: Callable[[Any], Awaitable[object]]) -> None:
    await act(await (await ours.get_thread(at.thread)).get_run(at.run))


async def begin(thread: Any, params: RunParams, *, follow: bool) -> None:
    await (await thread.create_run(params, executor=None, follow=follow)).aclose()


async def begin_both(ours: OpenAIAssistants, thread: ThreadParams, params: RunParams, *, follow: bool) -> None:
    _, run = await ours.create_thread_and_run(thread, params, executor=None, follow=follow)
    await run.aclose()


async def submit(run: Any, at: Place, *, follow: bool) -> None:
    await run.submit_tool_outputs([ToolOutput(at.call, "yes")], follow=follow)
    await run.aclose()


async def on_assistant(ours: OpenAIAssistants, at: Place, act: Callable[[Any], Awaitable[object]]) -> None:
    await act(await ours.get_assistant(at.assistant))


FULL = RunParams(
    "",
    model="gpt-4o-mini",
    instructions="Be brief.",
    additional_instructions="Be kind.",
    additional_messages=[MessageParams([Text("hello")], metadata={"k": "v"})],
    tools=[SPEC],
    tool_choice=NamedTool("order_item"),
    parallel_tool_calls=False,
    response_format=SCHEMA,
    temperature=0,
    top_p=0.5,
    reasoning_effort="low",
    max_prompt_tokens=256,
    max_completion_tokens=300,
    truncation_strategy={"type": "last_messages", "last_messages": 3},
    metadata={"a": "b"},
)
SDK_FULL: Mapping[str, Any] = {
    "model": "gpt-4o-mini",
    "instructions": "Be brief.",
    "additional_instructions": "Be kind.",
    "additional_messages": [{"role": "user", "content": "hello", "metadata": {"k": "v"}}],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": "order_item"}},
    "parallel_tool_calls": False,
    "response_format": SCHEMA,
    "temperature": 0,
    "top_p": 0.5,
    "reasoning_effort": "low",
    "max_prompt_tokens": 256,
    "max_completion_tokens": 300,
    "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    "metadata": {"a": "b"},
}
ASSISTANT: Mapping[str, Any] = {
    "model": "gpt-4o",
    "name": "n",
    "description": "d",
    "instructions": "i",
    "temperature": 0,
    "top_p": 0,
    "response_format": "auto",
    "metadata": {"k": "v"},
}


MESSAGE = MessageParams(
    [Text("see"), Image(url="https://x.test/a.png", detail="low"), Image(file_id="file-1")], metadata={"k": "v"}
)
SDK_MESSAGE: Mapping[str, Any] = {
    "role": "user",
    "content": [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}},
    ],
    "metadata": {"k": "v"},
}


HOSTED = [HostedTool("file_search", {"max_num_results": 3}), HostedTool("code_interpreter")]
SDK_HOSTED: Any = [{"type": "file_search", "file_search": {"max_num_results": 3}}, {"type": "code_interpreter"}]
RESOURCES: Any = {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file-1"]}}
ATTACHED = MessageParams([Text("see")], attachments=[Attachment("file-1", ("file_search", "code_interpreter"))])
SDK_ATTACHED: Any = {
    "role": "user",
    "content": "see",
    "attachments": [{"file_id": "file-1", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}],
}
NOT_WITH_A_THREAD = frozenset({"additional_instructions", "additional_messages", "reasoning_effort"})


def sdk_outputs(at: Place) -> Mapping[str, Any]:
    return {"tool_outputs": [{"tool_call_id": at.call, "output": "yes"}]}


FILE = FileParams(b"price: 12", 9, "tag.txt")
SDK_FILE: Any = ("tag.txt", b"price: 12")

CALLS: Mapping[str, Calls] = {
    "upload file": (
        lambda ours, at: ours.files().upload(FILE),
        lambda sdk, at: sdk.files.create(file=SDK_FILE, purpose="assistants"),
    ),
    "get file": (
        lambda ours, at: ours.files().get(at.file),
        lambda sdk, at: sdk.files.retrieve(at.file),
    ),
    "list files": (
        lambda ours, at: ours.files().list(PageQuery(**PAGE, after=at.file), purpose="assistants"),
        lambda sdk, at: sdk.files.list(**PAGE, after=at.file, purpose="assistants"),
    ),
    "content of file": (
        lambda ours, at: ours.files().content(at.file),
        lambda sdk, at: sdk.files.content(at.file),
    ),
    "delete file": (
        lambda ours, at: ours.files().delete(at.file),
        lambda sdk, at: sdk.files.delete(at.file),
    ),
    "create vector store": (
        lambda ours, at: ours.vector_stores().create(VectorStoreParams("tags", [at.file], {"k": "v"})),
        lambda sdk, at: sdk.vector_stores.create(name="tags", file_ids=[at.file], metadata={"k": "v"}),
    ),
    "get vector store": (
        lambda ours, at: ours.vector_stores().get(at.store),
        lambda sdk, at: sdk.vector_stores.retrieve(at.store),
    ),
    "list vector stores": (
        lambda ours, at: ours.vector_stores().list(PageQuery(**PAGE)),
        lambda sdk, at: sdk.vector_stores.list(**PAGE),
    ),
    "delete vector store": (
        lambda ours, at: ours.vector_stores().delete(at.store),
        lambda sdk, at: sdk.vector_stores.delete(at.store),
    ),
    "add file to vector store": (
        lambda ours, at: ours.vector_stores().add_file(at.store, at.file),
        lambda sdk, at: sdk.vector_stores.files.create(at.store, file_id=at.file),
    ),
    "get file of vector store": (
        lambda ours, at: ours.vector_stores().get_file(at.store, at.file),
        lambda sdk, at: sdk.vector_stores.files.retrieve(at.file, vector_store_id=at.store),
    ),
    "list files of vector store": (
        lambda ours, at: ours.vector_stores().list_files(at.store, PageQuery(**PAGE), status="failed"),
        lambda sdk, at: sdk.vector_stores.files.list(at.store, **PAGE, filter="failed"),
    ),
    "remove file from vector store": (
        lambda ours, at: ours.vector_stores().remove_file(at.store, at.file),
        lambda sdk, at: sdk.vector_stores.files.delete(at.file, vector_store_id=at.store),
    ),
    "create assistant": (
        lambda ours, at: ours.create_assistant(AssistantParams(**ASSISTANT, tools=[SPEC])),
        lambda sdk, at: sdk.beta.assistants.create(**ASSISTANT, tools=[TOOL]),
    ),
    "create assistant, least": (
        lambda ours, at: ours.create_assistant(AssistantParams(model="gpt-4o")),
        lambda sdk, at: sdk.beta.assistants.create(model="gpt-4o"),
    ),
    "get assistant": (
        lambda ours, at: ours.get_assistant(at.assistant),
        lambda sdk, at: sdk.beta.assistants.retrieve(at.assistant),
    ),
    "update assistant": (
        lambda ours, at: on_assistant(ours, at, lambda one: one.update(AssistantParams(**ASSISTANT, tools=[SPEC]))),
        lambda sdk, at: sdk.beta.assistants.update(at.assistant, **ASSISTANT, tools=[TOOL]),
    ),
    "list assistants": (
        lambda ours, at: ours.list_assistants(PageQuery(**PAGE, after=at.assistant)),
        lambda sdk, at: sdk.beta.assistants.list(**PAGE, after=at.assistant),
    ),
    "delete assistant": (
        lambda ours, at: on_assistant(ours, at, lambda one: one.delete()),
        lambda sdk, at: sdk.beta.assistants.delete(at.assistant),
    ),
    "create thread": (
        lambda ours, at: ours.create_thread(ThreadParams([MessageParams([Text("hi")])], {"k": "v"})),
        lambda sdk, at: sdk.beta.threads.create(messages=[{"role": "user", "content": "hi"}], metadata={"k": "v"}),
    ),
    "create assistant with tools of the service": (
        lambda ours, at: ours.create_assistant(
            AssistantParams(model="gpt-4o", tools=[SPEC], hosted_tools=HOSTED, tool_resources=RESOURCES)
        ),
        lambda sdk, at: sdk.beta.assistants.create(model="gpt-4o", tools=[TOOL, *SDK_HOSTED], tool_resources=RESOURCES),
    ),
    "update assistant with tools of the service": (
        lambda ours, at: on_assistant(
            ours,
            at,
            lambda one: one.update(AssistantParams(**ASSISTANT, hosted_tools=HOSTED, tool_resources=RESOURCES)),
        ),
        lambda sdk, at: sdk.beta.assistants.update(
            at.assistant, **ASSISTANT, tools=SDK_HOSTED, tool_resources=RESOURCES
        ),
    ),
    "create thread with resources": (
        lambda ours, at: ours.create_thread(ThreadParams(tool_resources=RESOURCES)),
        lambda sdk, at: sdk.beta.threads.create(tool_resources=RESOURCES),
    ),
    "update thread with resources": (
        lambda ours, at: on_thread(ours, at.thread, lambda thread: thread.update({"k": "v"}, tool_resources=RESOURCES)),
        lambda sdk, at: sdk.beta.threads.update(at.thread, metadata={"k": "v"}, tool_resources=RESOURCES),
    ),
    "create message with files": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.create_message(ATTACHED)),
        lambda sdk, at: sdk.beta.threads.messages.create(at.free, **SDK_ATTACHED),
    ),
    "create run with tools of the service": (
        lambda ours, at: on_thread(
            ours,
            at.free,
            lambda thread: begin(
                thread, RunParams(at.assistant, tools=[], hosted_tools=HOSTED, tool_choice=HOSTED[1]), follow=False
            ),
        ),
        lambda sdk, at: sdk.beta.threads.runs.create(
            at.free, assistant_id=at.assistant, tools=SDK_HOSTED, tool_choice={"type": "code_interpreter"}
        ),
    ),
    "create thread and run": (
        lambda ours, at: begin_both(ours, ThreadParams(), RunParams(at.assistant), follow=False),
        lambda sdk, at: sdk.beta.threads.create_and_run(assistant_id=at.assistant),
    ),
    "create thread and run with all, streamed": (
        lambda ours, at: begin_both(
            ours,
            ThreadParams([ATTACHED], {"k": "v"}, RESOURCES),
            replace(
                FULL,
                assistant_id=at.assistant,
                additional_instructions=None,
                additional_messages=(),
                reasoning_effort=None,
            ),
            follow=True,
        ),
        lambda sdk, at: closed(
            sdk.beta.threads.create_and_run(
                assistant_id=at.assistant,
                stream=True,
                thread={"messages": [SDK_ATTACHED], "metadata": {"k": "v"}, "tool_resources": RESOURCES},
                **{name: value for name, value in SDK_FULL.items() if name not in NOT_WITH_A_THREAD},
            )
        ),
    ),
    "create thread, least": (
        lambda ours, at: ours.create_thread(ThreadParams()),
        lambda sdk, at: sdk.beta.threads.create(),
    ),
    "get thread": (
        lambda ours, at: ours.get_thread(at.thread),
        lambda sdk, at: sdk.beta.threads.retrieve(at.thread),
    ),
    "update thread": (
        lambda ours, at: on_thread(ours, at.thread, lambda thread: thread.update({"k": "v"})),
        lambda sdk, at: sdk.beta.threads.update(at.thread, metadata={"k": "v"}),
    ),
    "delete thread": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.delete()),
        lambda sdk, at: sdk.beta.threads.delete(at.free),
    ),
    "create message": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.create_message(MESSAGE)),
        lambda sdk, at: sdk.beta.threads.messages.create(at.free, **SDK_MESSAGE),
    ),
    "get message": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.get_message(at.message)),
        lambda sdk, at: sdk.beta.threads.messages.retrieve(at.message, thread_id=at.free),
    ),
    "update message": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.update_message(at.message, {"k": "v"})),
        lambda sdk, at: sdk.beta.threads.messages.update(at.message, thread_id=at.free, metadata={"k": "v"}),
    ),
    "delete message": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: thread.delete_message(at.message)),
        lambda sdk, at: sdk.beta.threads.messages.delete(at.message, thread_id=at.free),
    ),
    "list messages of a run": (
        lambda ours, at: on_thread(
            ours, at.thread, lambda thread: thread.list_messages(PageQuery(**PAGE, run_id=at.run))
        ),
        lambda sdk, at: sdk.beta.threads.messages.list(at.thread, **PAGE, run_id=at.run),
    ),
    "create run": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: begin(thread, RunParams(at.assistant), follow=False)),
        lambda sdk, at: sdk.beta.threads.runs.create(at.free, assistant_id=at.assistant),
    ),
    "create run, streamed": (
        lambda ours, at: on_thread(ours, at.free, lambda thread: begin(thread, RunParams(at.assistant), follow=True)),
        lambda sdk, at: closed(sdk.beta.threads.runs.create(at.free, assistant_id=at.assistant, stream=True)),
    ),
    "create run with all": (
        lambda ours, at: on_thread(
            ours, at.free, lambda thread: begin(thread, replace(FULL, assistant_id=at.assistant), follow=True)
        ),
        lambda sdk, at: closed(
            sdk.beta.threads.runs.create(at.free, assistant_id=at.assistant, stream=True, **SDK_FULL)
        ),
    ),
    "get run": (
        lambda ours, at: on_run(ours, at, lambda run: run.refresh()),
        lambda sdk, at: sdk.beta.threads.runs.retrieve(at.run, thread_id=at.thread),
    ),
    "list runs": (
        lambda ours, at: on_thread(ours, at.thread, lambda thread: thread.list_runs(PageQuery(**PAGE, before=at.run))),
        lambda sdk, at: sdk.beta.threads.runs.list(at.thread, **PAGE, before=at.run),
    ),
    "list steps": (
        lambda ours, at: on_run(ours, at, lambda run: run.list_steps(PageQuery(**PAGE))),
        lambda sdk, at: sdk.beta.threads.runs.steps.list(at.run, thread_id=at.thread, **PAGE),
    ),
    "submit": (
        lambda ours, at: on_run(ours, at, lambda run: submit(run, at, follow=False)),
        lambda sdk, at: sdk.beta.threads.runs.submit_tool_outputs(at.run, thread_id=at.thread, **sdk_outputs(at)),
    ),
    "submit, streamed": (
        lambda ours, at: on_run(ours, at, lambda run: submit(run, at, follow=True)),
        lambda sdk, at: closed(
            sdk.beta.threads.runs.submit_tool_outputs(at.run, thread_id=at.thread, stream=True, **sdk_outputs(at))
        ),
    ),
    "cancel": (
        lambda ours, at: on_run(ours, at, lambda run: run.cancel()),
        lambda sdk, at: sdk.beta.threads.runs.cancel(at.run, thread_id=at.thread),
    ),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_the_same_request(name: str, ours: OpenAIAssistants, sdk: AsyncOpenAI, double: Double) -> None:
    of_ours, of_sdk = CALLS[name]
    mine, theirs = await make_place(ours), await make_place(ours)
    before = len(double.requests)
    await of_ours(ours, mine)
    sent = [one for one in double.requests[before:] if not (name.endswith("and run") and one.method == "GET")][-1]
    await of_sdk(sdk, theirs)
    assert compared(sent) == compared(double.requests[-1])


def said_in(request: Request) -> object:
    if request.headers.get("content-type", "").startswith("multipart/"):
        fields = form_of(request)
        return sorted((name, filename, content.decode()) for name, (filename, content) in fields.items())
    return request.body or None


def compared(request: Request) -> object:
    """What has to be the same, with ids by their kind."""
    names = ["authorization", "openai-organization", "openai-project"]
    if not request.path.startswith("/v1/files"):  # ours has it there too, which harms nobody
        names.append("openai-beta")
    said = (
        request.method,
        request.path,
        sorted(request.query),
        said_in(request),
        [request.headers.get(name) for name in names],
    )
    ids = r"\b(asst|thread|msg|run|call|vs|file)[_-]([0-9a-f]{24}|\d+)\b"
    return json.loads(re.sub(ids, r"\1", json.dumps(said)))
