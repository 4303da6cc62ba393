"""Every call of the provider, and every status that it may be answered: the right error, sent as often as is right."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import respx
from anyassistant.errors import AnyAssistantError, InvalidRequest, NotFound, ProviderError
from anyassistant.protocols import (
    AssistantParams,
    FileParams,
    MessageParams,
    RunParams,
    ThreadParams,
    VectorStoreParams,
)
from anyassistant.types import PageQuery, Text, ToolOutput
from anyassistant_openai import Config, OpenAIAssistants

KEY = "sk-refusals-0123456789abcdef"
URL = "http://service.test/v1"
ASSISTANT = {"id": "asst_1", "object": "assistant", "model": "m"}
THREAD = {"id": "thread_1", "object": "thread"}
RUN = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "assistant_id": "asst_1", "status": "queued"}
SAID = {"message": f"No, {KEY} may not.", "type": "refused", "param": "it", "code": None}
PAGE = PageQuery()
HELLO = MessageParams([Text("hello")])
START = RunParams("asst_1")


@dataclass(frozen=True)
class Call:
    """A call of the provider, and the request that it makes.

    Attributes:
        creates: Whether doing it twice would be wrong.
        on: What has to be read first: the parts of the object's path.
    """

    request: str
    make: Callable[[Any], Awaitable[object]]
    on: str = ""
    creates: bool = False

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.request.partition(" ")[2]


RUNS = "/threads/thread_1/runs"
MESSAGES = "/threads/thread_1/messages"
STORES = "/vector_stores"
CALLS = [
    Call("POST /assistants", lambda it: it.create_assistant(AssistantParams(model="m")), creates=True),
    Call("GET /assistants", lambda it: it.list_assistants(PAGE)),
    Call("GET /assistants/asst_1", lambda it: it.get_assistant("asst_1")),
    Call("POST /assistants/asst_1", lambda it: it.update(AssistantParams(model="m")), on="assistant"),
    Call("DELETE /assistants/asst_1", lambda it: it.delete(), on="assistant"),
    Call("POST /threads", lambda it: it.create_thread(ThreadParams()), creates=True),
    Call("GET /threads", lambda it: it.list_threads(PAGE)),
    Call("GET /threads/thread_1", lambda it: it.get_thread("thread_1")),
    Call("POST /threads/thread_1", lambda it: it.update({"k": "v"}), on="thread"),
    Call("DELETE /threads/thread_1", lambda it: it.delete(), on="thread"),
    Call(f"POST {MESSAGES}", lambda it: it.create_message(HELLO), on="thread", creates=True),
    Call(f"GET {MESSAGES}", lambda it: it.list_messages(PAGE), on="thread"),
    Call(f"GET {MESSAGES}/msg_1", lambda it: it.get_message("msg_1"), on="thread"),
    Call(f"POST {MESSAGES}/msg_1", lambda it: it.update_message("msg_1", {"k": "v"}), on="thread"),
    Call(f"DELETE {MESSAGES}/msg_1", lambda it: it.delete_message("msg_1"), on="thread"),
    Call(f"POST {RUNS}", lambda it: it.create_run(START, executor=None, follow=True), on="thread", creates=True),
    Call(f"POST {RUNS}", lambda it: it.create_run(START, executor=None, follow=False), on="thread", creates=True),
    Call(f"GET {RUNS}", lambda it: it.list_runs(PAGE), on="thread"),
    Call(f"GET {RUNS}/run_1", lambda it: it.get_run("run_1"), on="thread"),
    Call(f"GET {RUNS}/run_1", lambda it: it.refresh(), on="run"),
    Call(f"GET {RUNS}/run_1/steps", lambda it: it.list_steps(PAGE), on="run"),
    Call(f"POST {RUNS}/run_1/cancel", lambda it: it.cancel(), on="run"),
    Call(
        f"POST {RUNS}/run_1/submit_tool_outputs",
        lambda it: it.submit_tool_outputs([ToolOutput("call_1", "1")], follow=True),
        on="run",
    ),
    Call(
        f"POST {RUNS}/run_1/submit_tool_outputs",
        lambda it: it.submit_tool_outputs([ToolOutput("call_1", "1")], follow=False),
        on="run",
    ),
    Call(
        "POST /threads/runs",
        lambda it: it.create_thread_and_run(ThreadParams([HELLO]), START, executor=None, follow=True),
        creates=True,
    ),
    Call("POST /files", lambda it: it.files().upload(FileParams(b"text", 4, "a.txt")), creates=True),
    Call("GET /files", lambda it: it.files().list(PAGE)),
    Call("GET /files/file_1", lambda it: it.files().get("file_1")),
    Call("GET /files/file_1/content", lambda it: it.files().content("file_1")),
    Call("DELETE /files/file_1", lambda it: it.files().delete("file_1")),
    Call(f"POST {STORES}", lambda it: it.vector_stores().create(VectorStoreParams()), creates=True),
    Call(f"GET {STORES}", lambda it: it.vector_stores().list(PAGE)),
    Call(f"GET {STORES}/vs_1", lambda it: it.vector_stores().get("vs_1")),
    Call(f"DELETE {STORES}/vs_1", lambda it: it.vector_stores().delete("vs_1")),
    Call(f"POST {STORES}/vs_1/files", lambda it: it.vector_stores().add_file("vs_1", "file_1")),
    Call(f"GET {STORES}/vs_1/files", lambda it: it.vector_stores().list_files("vs_1", PAGE)),
    Call(f"GET {STORES}/vs_1/files/file_1", lambda it: it.vector_stores().get_file("vs_1", "file_1")),
    Call(f"DELETE {STORES}/vs_1/files/file_1", lambda it: it.vector_stores().remove_file("vs_1", "file_1")),
]


@pytest.fixture
async def make_provider() -> AsyncGenerator[Callable[[float], OpenAIAssistants], None]:
    made: list[OpenAIAssistants] = []

    def make(retry_seconds: float) -> OpenAIAssistants:
        settings = {"base_url": URL, "api_key": KEY, "list_threads": True, "retry_seconds": retry_seconds}
        made.append(OpenAIAssistants(Config.model_validate(settings)))
        return made[-1]

    yield make
    for provider in made:
        await provider.aclose()


async def receiver(provider: OpenAIAssistants, call: Call) -> Any:
    """What the call is made on."""
    with respx.mock(base_url=URL) as service:
        match call.on:
            case "assistant":
                service.get("/assistants/asst_1").respond(json=ASSISTANT)
                return await provider.get_assistant("asst_1")
            case "thread" | "run":
                service.get("/threads/thread_1").respond(json=THREAD)
                thread = await provider.get_thread("thread_1")
                if call.on == "thread":
                    return thread
                service.get("/threads/thread_1/runs/run_1").respond(json=RUN)
                return await thread.get_run("run_1")
            case _:
                return provider


async def refused(
    provider: OpenAIAssistants, call: Call, answers: list[httpx.Response]
) -> tuple[AnyAssistantError | None, int]:
    """What the call raises, if it does, and how often its request was sent."""
    it = await receiver(provider, call)
    with respx.mock(base_url=URL, assert_all_called=False) as service:
        route = service.request(call.method, call.path)
        route.side_effect = answers
        if call.method != "GET":  # who could not cancel a run looks at it
            service.get(f"{RUNS}/run_1").respond(json=RUN)
        try:
            await call.make(it)
        except AnyAssistantError as error:
            return error, route.call_count
        return None, route.call_count


def answer(status: int, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, json={"error": SAID}, headers={"x-request-id": "req_7", **(headers or {})})


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, InvalidRequest, "invalid_request"),
        (401, ProviderError, "authentication_error"),
        (403, ProviderError, "permission_denied"),
        (404, NotFound, "not_found"),
        (413, ProviderError, "request_too_large"),
        (422, InvalidRequest, "invalid_request"),
        (429, ProviderError, "rate_limit_exceeded"),
        (500, ProviderError, "server_error"),
        (503, ProviderError, "server_error"),
        (302, ProviderError, "invalid_response"),
    ],
)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.request)
async def test_what_the_service_refuses_is_told_by_its_error(
    make_provider: Callable[[float], OpenAIAssistants],
    call: Call,
    status: int,
    kind: type[AnyAssistantError],
    code: str,
) -> None:
    error, sent = await refused(make_provider(0.0), call, [answer(status)] * 3)
    assert isinstance(error, kind)
    assert (getattr(error, "code"), getattr(error, "status_code")) == (code, status)  # noqa: B009
    assert getattr(error, "request_id") == "req_7"  # noqa: B009
    assert KEY not in f"{error} {error!r}"
    assert sent == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.request)
async def test_only_what_was_not_done_is_sent_again(
    make_provider: Callable[[float], OpenAIAssistants], call: Call, status: int
) -> None:
    """A service that says 429 did nothing; one that says 503 may have made what was to be made."""
    error, sent = await refused(make_provider(5.0), call, [answer(status, {"retry-after": "0"}), answer(403)])
    is_repeated = status == 429 or not call.creates
    assert sent == (2 if is_repeated else 1)
    assert getattr(error, "status_code") == (403 if is_repeated else status)  # noqa: B009
