"""A double of a service that speaks the Assistants v2 wire, on a loopback socket.

Written from WIRE.md and the types of the `openai` SDK. Behind it is `echo`, hosted on a store of its own without
anybody who could call a tool: so runs pause for outputs as they did at OpenAI's.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

from anyassistant import protocols as p
from anyassistant.echo import Echo
from anyassistant.errors import InvalidRequest, NotFound, ThreadBusy
from anyassistant.host_task import HostTask
from anyassistant.hosting import HostedProvider
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.store.memory import MemoryStore
from anyassistant.types import TERMINAL, Event, Image, PageQuery, RunEvent, Text, ToolOutput, ToolSpec
from anyassistant.types.events import data_to_wire

from .loopback import Answer, Raw, Request, Stream, listening

Fault: TypeAlias = Callable[[Request], "Answer | Stream | Raw | None"]
Mangle: TypeAlias = Callable[[str, bytes], AsyncGenerator[bytes, None]]

KEY = "sk-double-0123456789abcdef"


class Double:
    """The service.

    Attributes:
        requests: All that came.
        sent: What was answered: the kind of object, or the event's name, and the object.
        faults: Asked in turn for an answer instead of the right one; one that gives None lets the request pass.
        alter: Makes of an object what is sent of it, in answers and streams.
        mangle: Makes of a frame of a stream what is sent of it.
        streams: Whether it streams; else it refuses to.
        poll_after_ms: Said with each run, if not None.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.sent: list[tuple[str, Any]] = []
        self.faults: list[Fault] = []
        self.alter: Callable[[dict[str, Any]], dict[str, Any]] = lambda wire: wire
        self.mangle: Mangle | None = None
        self.streams = True
        self.poll_after_ms: int | None = None
        self.provider: HostedProvider
        self._built_in: dict[str, list[Any]] = {}
        self._store = MemoryStore()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Double, None]:
        host = HostTask()
        await host.start()
        self.provider = HostedProvider("echo", Echo(), self._store, task=host, default_model="echo", lease=30.0)
        async with listening(self._handle) as url:
            self.url = f"{url}/v1"
            yield self
        await self.provider.aclose()
        await host.aclose()

    def paths(self, method: str = "POST") -> list[str]:
        return [one.path.removeprefix("/v1") for one in self.requests if one.method == method]

    async def _handle(self, request: Request) -> Answer | Stream | Raw:
        self.requests.append(request)
        for fault in list(self.faults):
            answer = fault(request)
            if answer is not None:
                return answer
        if request.headers.get("authorization") != f"Bearer {KEY}" and request.headers.get("api-key") != KEY:
            said = request.headers.get("authorization", "")
            return error(401, f"Incorrect API key provided: {said}.", code="invalid_api_key")
        if request.headers.get("openai-beta") != "assistants=v2":
            return error(400, "You must provide the 'OpenAI-Beta' header to access the Assistants API.")
        try:
            return await self._route(request)
        except NotFound:
            return error(404, f"No object found with id '{request.path.rsplit('/', 1)[-1]}'.")
        except ThreadBusy as busy:
            if "/messages" in request.path:
                said = f"Can't add messages to {busy.thread_id} while a run {busy.run_id} is active."
            else:
                said = f"Thread {busy.thread_id} already has an active run {busy.run_id}."
            return error(400, said)
        except InvalidRequest as refused:
            return error(400, str(refused), param=refused.param)

    async def _route(self, request: Request) -> Answer | Stream:
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(f"/v1{pattern}", request.path)
            if match and method == request.method:
                return await handler(self, request, *match.groups())
        return error(404, f"Invalid URL ({request.method} {request.path})")

    def _answer(self, kind: str, wire: Any, headers: Mapping[str, str] | None = None) -> Answer:
        wire = self.alter(wire)
        self.sent.append((kind, wire))
        return Answer(wire, headers={"x-request-id": f"req_{len(self.sent)}", **(headers or {})})

    def _page(self, kind: str, records: Sequence[Any], *, has_more: bool) -> Answer:
        data = [record if isinstance(record, dict) else record.to_wire() for record in records]
        data = [self.alter(one) for one in data]
        self.sent.extend((kind, one) for one in data)
        ids = [one["id"] for one in data] or [None]
        return Answer(
            {"object": "list", "data": data, "first_id": ids[0], "last_id": ids[-1], "has_more": has_more},
            headers={"x-request-id": "req_list"},
        )

    # Assistants

    def _assistant(self, record: Any) -> dict[str, Any]:
        wire = record.to_wire()
        return {**wire, "tools": [*wire["tools"], *self._built_in.get(record.id, [])]}

    async def create_assistant(self, request: Request) -> Answer:
        if not request.body.get("model"):
            return error(400, "Missing required parameter: 'model'.", param="model")
        made = await self.provider.create_assistant(assistant_params(request.body))
        self._built_in[made.record.id] = built_in(request.body)
        return self._answer("assistant", self._assistant(made.record))

    async def get_assistant(self, request: Request, assistant_id: str) -> Answer:
        return self._answer("assistant", self._assistant((await self.provider.get_assistant(assistant_id)).record))

    async def update_assistant(self, request: Request, assistant_id: str) -> Answer:
        found = await self.provider.get_assistant(assistant_id)
        before = self._assistant(found.record)
        body = {**before, **request.body}
        self._built_in[assistant_id] = built_in(body)
        return self._answer("assistant", self._assistant(await found.update(assistant_params(body))))

    async def list_assistants(self, request: Request) -> Answer:
        page = await self.provider.list_assistants(page_query(request))
        return self._page("assistant", [self._assistant(one.record) for one in page.data], has_more=page.has_more)

    async def delete_assistant(self, request: Request, assistant_id: str) -> Answer:
        await (await self.provider.get_assistant(assistant_id)).delete()
        return self._answer("assistant.deleted", deleted("assistant", assistant_id))

    # Threads and messages

    async def create_thread(self, request: Request) -> Answer:
        messages = request.body.get("messages", [])
        if len(messages) > 32:
            return error(400, "ensure this value has at most 32 items", param="messages")
        params = p.ThreadParams([message_params(one) for one in messages], request.body.get("metadata") or {})
        return self._answer("thread", (await self.provider.create_thread(params)).record.to_wire())

    async def get_thread(self, request: Request, thread_id: str) -> Answer:
        return self._answer("thread", (await self.provider.get_thread(thread_id)).record.to_wire())

    async def update_thread(self, request: Request, thread_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        return self._answer("thread", (await thread.update(request.body["metadata"])).to_wire())

    async def list_threads(self, request: Request) -> Answer:
        page = await self.provider.list_threads(page_query(request))
        return self._page("thread", [one.record for one in page.data], has_more=page.has_more)

    async def delete_thread(self, request: Request, thread_id: str) -> Answer:
        await (await self.provider.get_thread(thread_id)).delete()
        return self._answer("thread.deleted", deleted("thread", thread_id))

    async def create_message(self, request: Request, thread_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        return self._answer("message", (await thread.create_message(message_params(request.body))).to_wire())

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        return self._answer("message", (await thread.get_message(message_id)).to_wire())

    async def update_message(self, request: Request, thread_id: str, message_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        changed = await thread.update_message(message_id, request.body["metadata"])
        return self._answer("message", changed.to_wire())

    async def list_messages(self, request: Request, thread_id: str) -> Answer:
        page = await (await self.provider.get_thread(thread_id)).list_messages(page_query(request))
        return self._page("message", page.data, has_more=page.has_more)

    async def delete_message(self, request: Request, thread_id: str, message_id: str) -> Answer:
        await (await self.provider.get_thread(thread_id)).delete_message(message_id)
        return self._answer("message.deleted", deleted("thread.message", message_id))

    # Runs

    async def create_run(self, request: Request, thread_id: str) -> Answer | Stream:
        body = request.body
        if body.get("stream") and not self.streams:
            return error(400, "Streaming is not supported.", param="stream", code="unsupported_parameter")
        if len(body.get("tools") or []) > 20:
            return error(400, "ensure this value has at most 20 items", param="tools")
        thread = await self.provider.get_thread(thread_id)
        run = await thread.create_run(run_params(body), executor=NO_TOOLS, follow=True)
        if body.get("stream"):
            return Stream(self._stream(run), {"x-request-id": "req_stream"})
        return self._run(run)

    async def _find_run(self, thread_id: str, run_id: str) -> p.Run:
        return await (await self.provider.get_thread(thread_id)).get_run(run_id)

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Answer:
        return self._run(await self._find_run(thread_id, run_id))

    async def list_runs(self, request: Request, thread_id: str) -> Answer:
        page = await (await self.provider.get_thread(thread_id)).list_runs(page_query(request))
        return self._page("run", [one.record for one in page.data], has_more=page.has_more)

    async def submit(self, request: Request, thread_id: str, run_id: str) -> Answer | Stream:
        body = request.body
        if body.get("stream") and not self.streams:
            return error(400, "Streaming is not supported.", param="stream", code="unsupported_parameter")
        run = await self._find_run(thread_id, run_id)
        if run.record.status != "requires_action":
            return error(400, f'Runs in status "{run.record.status}" do not accept tool outputs.')
        given = {one["tool_call_id"] for one in body["tool_outputs"]}
        wanted = {call.id for call in run.record.pending_calls}
        if given != wanted:
            return error(400, f"Expected tool outputs for call_ids {sorted(wanted)}, got {sorted(given)}")
        last = await self._last_of(run)
        outputs = [ToolOutput(one["tool_call_id"], one["output"]) for one in body["tool_outputs"]]
        await run.submit_tool_outputs(outputs, follow=True)
        if body.get("stream"):
            return Stream(self._stream(run, after=last), {"x-request-id": "req_stream"})
        return self._run(run)

    async def cancel(self, request: Request, thread_id: str, run_id: str) -> Answer:
        run = await self._find_run(thread_id, run_id)
        if run.record.status in TERMINAL:
            return error(400, f"Cannot cancel run with status '{run.record.status}'.")
        await run.cancel()
        return self._run(run)

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Answer:
        page = await (await self._find_run(thread_id, run_id)).list_steps(page_query(request))
        return self._page("step", page.data, has_more=page.has_more)

    async def upload(self, request: Request) -> Answer:
        wire = {
            "id": "file-1",
            "object": "file",
            "bytes": len(request.content),
            "created_at": int(time.time()),
            "filename": "image.png",
            "purpose": "vision",
            "status": "processed",
        }
        return self._answer("file", wire)

    def _run(self, run: p.Run) -> Answer:
        headers = {} if self.poll_after_ms is None else {"openai-poll-after-ms": str(self.poll_after_ms)}
        return self._answer("run", run.record.to_wire(), headers)

    async def _last_of(self, run: p.Run) -> int:
        """The number of the run's last event before it rested."""
        last = 0
        while events := await self._store.read_events(run.record.id, last):
            last = events[-1].sequence
        return last

    async def _stream(self, run: p.Run, *, after: int = 0) -> AsyncGenerator[bytes, None]:
        begun: set[object] = set()
        async with aclosing(run.events(after=after)) as events:
            async for event in events:
                if event.event == "thread.run.step.created":
                    begun.add(event.data.id)
                # Outputs are told as pieces of their step by hosting; the SDK knows no pieces of an earlier stream's.
                is_earlier = event.event == "thread.run.step.delta" and event.data["id"] not in begun
                if is_earlier or event.event.startswith("anyassistant."):
                    continue
                async with aclosing(self._frame(event)) as pieces:
                    async for piece in pieces:
                        yield piece
                if isinstance(event, RunEvent) and event.data.status in {*TERMINAL, "requires_action"}:
                    break
        yield b"event: done\ndata: [DONE]\n\n"

    async def _frame(self, event: Event) -> AsyncGenerator[bytes, None]:
        data = self.alter(dict(data_to_wire(event)))
        name = event.event
        if isinstance(event, RunEvent) and data["status"] != event.data.status:
            name = f"thread.run.{data['status']}"
        frame = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        if self.mangle is None:
            self.sent.append((name, data))
            yield frame
            return
        async with aclosing(self.mangle(name, frame)) as pieces:
            async for piece in pieces:
                yield piece


def error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> Answer:
    said = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Answer({"error": said}, status, {"x-request-id": f"req_{status}"})


def deleted(kind: str, key: str) -> dict[str, Any]:
    return {"id": key, "object": f"{kind}.deleted", "deleted": True}


def page_query(request: Request) -> PageQuery:
    query: dict[str, Any] = dict(request.query)
    query.pop("api-version", None)
    if "limit" in query:
        query["limit"] = int(query["limit"])
    return PageQuery(**query)


def tool_specs(body: Mapping[str, Any]) -> list[ToolSpec]:
    functions = [one["function"] for one in body.get("tools") or [] if one["type"] == "function"]
    return [ToolSpec(one["name"], one.get("description", ""), one["parameters"]) for one in functions]


def built_in(body: Mapping[str, Any]) -> list[Any]:
    return [one for one in body.get("tools") or [] if one["type"] != "function"]


def assistant_params(body: Mapping[str, Any]) -> p.AssistantParams:
    names = ("name", "description", "instructions", "model", "temperature", "top_p", "response_format")
    return p.AssistantParams(
        **{name: body.get(name) for name in names}, tools=tool_specs(body), metadata=body.get("metadata") or {}
    )


def message_params(body: Mapping[str, Any]) -> p.MessageParams:
    content = body["content"]
    parts: list[Any] = [Text(content)] if isinstance(content, str) else [part(one) for one in content]
    return p.MessageParams(parts, body["role"], body.get("metadata") or {})


def part(wire: Mapping[str, Any]) -> Any:
    match wire["type"]:
        case "text":
            return Text(wire["text"])
        case "image_url":
            return Image(url=wire["image_url"]["url"], detail=wire["image_url"].get("detail", "auto"))
        case _:
            return Image(file_id=wire["image_file"]["file_id"], detail=wire["image_file"].get("detail", "auto"))


def run_params(body: Mapping[str, Any]) -> p.RunParams:
    fields = {name: value for name, value in body.items() if name not in ("stream", "tools", "additional_messages")}
    choice = fields.get("tool_choice")
    if isinstance(choice, dict):
        fields["tool_choice"] = p.NamedTool(choice["function"]["name"])
    return p.RunParams(
        **fields,
        tools=tool_specs(body) if "tools" in body else None,
        additional_messages=[message_params(one) for one in body.get("additional_messages", [])],
    )


ID = "([^/]+)"
Route: TypeAlias = tuple[str, str, Callable[..., Awaitable[Answer | Stream]]]
ROUTES: Sequence[Route] = [
    ("POST", "/assistants", Double.create_assistant),
    ("GET", "/assistants", Double.list_assistants),
    ("GET", f"/assistants/{ID}", Double.get_assistant),
    ("POST", f"/assistants/{ID}", Double.update_assistant),
    ("DELETE", f"/assistants/{ID}", Double.delete_assistant),
    ("POST", "/threads", Double.create_thread),
    ("GET", "/threads", Double.list_threads),
    ("GET", f"/threads/{ID}", Double.get_thread),
    ("POST", f"/threads/{ID}", Double.update_thread),
    ("DELETE", f"/threads/{ID}", Double.delete_thread),
    ("POST", f"/threads/{ID}/messages", Double.create_message),
    ("GET", f"/threads/{ID}/messages", Double.list_messages),
    ("GET", f"/threads/{ID}/messages/{ID}", Double.get_message),
    ("POST", f"/threads/{ID}/messages/{ID}", Double.update_message),
    ("DELETE", f"/threads/{ID}/messages/{ID}", Double.delete_message),
    ("POST", f"/threads/{ID}/runs", Double.create_run),
    ("GET", f"/threads/{ID}/runs", Double.list_runs),
    ("GET", f"/threads/{ID}/runs/{ID}", Double.get_run),
    ("POST", f"/threads/{ID}/runs/{ID}/submit_tool_outputs", Double.submit),
    ("POST", f"/threads/{ID}/runs/{ID}/cancel", Double.cancel),
    ("GET", f"/threads/{ID}/runs/{ID}/steps", Double.list_steps),
    ("POST", "/files", Double.upload),
]
