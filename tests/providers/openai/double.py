"""A double of a service that speaks the Assistants v2 wire, on a loopback socket.

Written from WIRE.md and the types of the `openai` SDK. Behind it is `echo`, hosted on a store of its own without
anybody who could call a tool: so runs pause for outputs as they did at OpenAI's.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from anyassistant import protocols as p
from anyassistant.echo import Echo
from anyassistant.errors import InvalidRequest, NotFound, ThreadBusy
from anyassistant.host_task import HostTask
from anyassistant.hosting import HostedProvider
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.store.memory import MemoryStore
from anyassistant.types import TERMINAL, Event, Image, PageQuery, RunEvent, RunStep, Text, ToolOutput, ToolSpec
from anyassistant.types.events import data_to_wire

from .loopback import Answer, Raw, Request, Stream, listening
from .shelf import Shelf

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
        shelf: Its files and vector stores.
        hosted_calls: Calls of its own tools that each run makes first, in a step of their own.
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
        self.hosted_calls: list[dict[str, Any]] = []
        self.provider: HostedProvider
        self._more: dict[str, dict[str, Any]] = {}
        """What `echo` has no place for, by the object's id: tools of the service's own, resources, attachments."""
        self.shelf = Shelf()
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
        is_of_files = request.path.startswith("/v1/files")  # which are older than assistants
        if request.headers.get("openai-beta") != "assistants=v2" and not is_of_files:
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
        if request.path.startswith(("/v1/files", "/v1/vector_stores")):
            return self._of_shelf(request)
        for method, pattern, handler in ROUTES:
            match = re.fullmatch(f"/v1{pattern}", request.path)
            if match and method == request.method:
                return await handler(self, request, *match.groups())
        return error(404, f"Invalid URL ({request.method} {request.path})")

    def _answer(self, kind: str, wire: Any, headers: Mapping[str, str] | None = None) -> Answer:
        wire = self.alter(wire)
        self.sent.append((kind, wire))
        return Answer(wire, headers={"x-request-id": f"req_{len(self.sent)}", **(headers or {})})

    def _of_shelf(self, request: Request) -> Answer:
        found = self.shelf.answer(request)
        if isinstance(found, Answer):
            return found
        kind, wire = found
        if isinstance(wire, list):
            return self._page_of_shelf(kind, wire, dict(request.query))
        headers = {} if self.poll_after_ms is None else {"openai-poll-after-ms": str(self.poll_after_ms)}
        return self._answer(kind, wire, headers)

    def _page_of_shelf(self, kind: str, newest_first: Sequence[Any], query: Mapping[str, str]) -> Answer:
        found = newest_first if query.get("order", "desc") == "desc" else newest_first[::-1]
        first = [one["id"] for one in found].index(query["after"]) + 1 if "after" in query else 0
        end = first + int(query.get("limit", 20))
        return self._page(kind, found[first:end], has_more=end < len(found))

    def _wire(self, record: Any) -> dict[str, Any]:
        """A record as this service tells it."""
        wire: dict[str, Any] = record.to_wire()
        more = dict(self._more.get(record.id, {}))
        if "hosted_tools" in more:
            wire["tools"] = [*wire["tools"], *more.pop("hosted_tools")]
        return {**wire, **more}

    def _keep(self, key: str, body: Mapping[str, Any], *names: str) -> None:
        more = self._more.setdefault(key, {})
        more.update({name: body[name] for name in names if body.get(name) is not None})
        if "tools" in body:
            more["hosted_tools"] = [one for one in body["tools"] or [] if one["type"] != "function"]

    def _page(self, kind: str, records: Sequence[Any], *, has_more: bool) -> Answer:
        data = [record if isinstance(record, dict) else self._wire(record) for record in records]
        data = [self.alter(one) for one in data]
        self.sent.extend((kind, one) for one in data)
        ids = [one["id"] for one in data] or [None]
        return Answer(
            {"object": "list", "data": data, "first_id": ids[0], "last_id": ids[-1], "has_more": has_more},
            headers={"x-request-id": "req_list"},
        )

    # Assistants

    async def create_assistant(self, request: Request) -> Answer:
        if not request.body.get("model"):
            return error(400, "Missing required parameter: 'model'.", param="model")
        made = await self.provider.create_assistant(assistant_params(request.body))
        self._keep(made.record.id, request.body, "tool_resources")
        return self._answer("assistant", self._wire(made.record))

    async def get_assistant(self, request: Request, assistant_id: str) -> Answer:
        return self._answer("assistant", self._wire((await self.provider.get_assistant(assistant_id)).record))

    async def update_assistant(self, request: Request, assistant_id: str) -> Answer:
        found = await self.provider.get_assistant(assistant_id)
        body = {**self._wire(found.record), **request.body}
        self._keep(assistant_id, body, "tool_resources")
        return self._answer("assistant", self._wire(await found.update(assistant_params(body))))

    async def list_assistants(self, request: Request) -> Answer:
        page = await self.provider.list_assistants(page_query(request))
        return self._page("assistant", [one.record for one in page.data], has_more=page.has_more)

    async def delete_assistant(self, request: Request, assistant_id: str) -> Answer:
        await (await self.provider.get_assistant(assistant_id)).delete()
        return self._answer("assistant.deleted", deleted("assistant", assistant_id))

    # Threads and messages

    async def create_thread(self, request: Request) -> Answer:
        messages = request.body.get("messages", [])
        if len(messages) > 32:
            return error(400, "ensure this value has at most 32 items", param="messages")
        return self._answer("thread", self._wire((await self._make_thread(request.body)).record))

    async def _make_thread(self, body: Mapping[str, Any]) -> p.Thread:
        messages = body.get("messages", [])
        params = p.ThreadParams([message_params(one) for one in messages], body.get("metadata") or {})
        thread = await self.provider.create_thread(params)
        self._keep(thread.record.id, body, "tool_resources")
        if messages:
            made = await thread.list_messages(PageQuery(limit=100, order="asc"))
            for message, wire in zip(made.data, messages, strict=True):
                self._keep(message.id, wire, "attachments")
        return thread

    async def get_thread(self, request: Request, thread_id: str) -> Answer:
        return self._answer("thread", self._wire((await self.provider.get_thread(thread_id)).record))

    async def update_thread(self, request: Request, thread_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        self._keep(thread_id, request.body, "tool_resources")
        return self._answer("thread", self._wire(await thread.update(request.body["metadata"])))

    async def list_threads(self, request: Request) -> Answer:
        page = await self.provider.list_threads(page_query(request))
        return self._page("thread", [one.record for one in page.data], has_more=page.has_more)

    async def delete_thread(self, request: Request, thread_id: str) -> Answer:
        await (await self.provider.get_thread(thread_id)).delete()
        return self._answer("thread.deleted", deleted("thread", thread_id))

    async def create_message(self, request: Request, thread_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        made = await thread.create_message(message_params(request.body))
        self._keep(made.id, request.body, "attachments")
        return self._answer("message", self._wire(made))

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        return self._answer("message", self._wire(await thread.get_message(message_id)))

    async def update_message(self, request: Request, thread_id: str, message_id: str) -> Answer:
        thread = await self.provider.get_thread(thread_id)
        changed = await thread.update_message(message_id, request.body["metadata"])
        return self._answer("message", self._wire(changed))

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
        run = await self._begin(thread, body)
        if body.get("stream"):
            return Stream(self._stream(run), {"x-request-id": "req_stream"})
        return self._run(run)

    async def create_thread_and_run(self, request: Request) -> Answer | Stream:
        body = dict(request.body)
        if body.get("stream") and not self.streams:
            return error(400, "Streaming is not supported.", param="stream", code="unsupported_parameter")
        await self.provider.get_assistant(body["assistant_id"])
        thread = await self._make_thread(body.pop("thread", {}))
        run = await self._begin(thread, body)
        if body.get("stream"):
            return Stream(self._stream(run, thread=thread), {"x-request-id": "req_stream"})
        return self._run(run)

    async def _begin(self, thread: p.Thread, body: Mapping[str, Any]) -> p.Run:
        run = await thread.create_run(run_params(body), executor=NO_TOOLS, follow=True)
        self._more[run.record.id] = {"hosted_tools": self._more[body["assistant_id"]].get("hosted_tools", [])}
        self._keep(run.record.id, body)
        return run

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
        run = await self._find_run(thread_id, run_id)
        query = page_query(request)
        hosted = self._hosted_step(run.record) if self.hosted_calls else None
        if hosted is not None and query.after == hosted["id"]:
            query = replace(query, after=None)
        elif query.after is not None:
            hosted = None
        page = await run.list_steps(query)
        first = [] if hosted is None or run.record.status == "queued" else [hosted]
        assert query.order == "asc" or not first  # whoever reads steps backwards is not thought of
        return self._page("step", [*first, *page.data], has_more=page.has_more)

    def _hosted_step(self, run: Any) -> dict[str, Any]:
        step = RunStep(f"step_hosted_{run.id}", "tool_calls", "completed", run_id=run.id, thread_id=run.thread_id)
        step = replace(step, assistant_id=run.assistant_id, created_at=run.created_at, completed_at=run.created_at)
        return {**step.to_wire(), "step_details": {"type": "tool_calls", "tool_calls": self.hosted_calls}}

    def _run(self, run: p.Run) -> Answer:
        headers = {} if self.poll_after_ms is None else {"openai-poll-after-ms": str(self.poll_after_ms)}
        return self._answer("run", self._wire(run.record), headers)

    async def _last_of(self, run: p.Run) -> int:
        """The number of the run's last event before it rested."""
        last = 0
        while events := await self._store.read_events(run.record.id, last):
            last = events[-1].sequence
        return last

    async def _stream(
        self, run: p.Run, *, after: int = 0, thread: p.Thread | None = None
    ) -> AsyncGenerator[bytes, None]:
        begun: set[object] = set()
        if thread is not None:
            async with aclosing(self._frame("thread.created", self._wire(thread.record))) as pieces:
                async for piece in pieces:
                    yield piece
        async with aclosing(run.events(after=after)) as events:
            async for event in events:
                if event.event == "thread.run.step.created":
                    begun.add(event.data.id)
                # Outputs are told as pieces of their step by hosting; the SDK knows no pieces of an earlier stream's.
                is_earlier = event.event == "thread.run.step.delta" and event.data["id"] not in begun
                if is_earlier or event.event.startswith("anyassistant."):
                    continue
                async with aclosing(self._frame(event.event, self._told(event))) as pieces:
                    async for piece in pieces:
                        yield piece
                if event.event == "thread.run.in_progress" and after == 0 and self.hosted_calls:
                    for name, data in self._hosted_events(event.data):
                        async with aclosing(self._frame(name, data)) as pieces:
                            async for piece in pieces:
                                yield piece
                if isinstance(event, RunEvent) and event.data.status in {*TERMINAL, "requires_action"}:
                    break
        yield b"event: done\ndata: [DONE]\n\n"

    def _told(self, event: Event) -> dict[str, Any]:
        return dict(data_to_wire(event)) if isinstance(event.data, Mapping) else self._wire(event.data)

    def _hosted_events(self, run: Any) -> Sequence[tuple[str, dict[str, Any]]]:
        """A round of the service's own tools, as a stream tells it: what a call gave comes with a delta."""
        done = self._hosted_step(run)
        begun = {**done, "status": "in_progress", "completed_at": None}
        begun["step_details"] = {"type": "tool_calls", "tool_calls": []}
        calls = [{"index": at, **_numbered(call)} for at, call in enumerate(self.hosted_calls)]
        delta = {"step_details": {"type": "tool_calls", "tool_calls": calls}}
        return [
            ("thread.run.step.created", begun),
            ("thread.run.step.in_progress", begun),
            ("thread.run.step.delta", {"id": done["id"], "object": "thread.run.step.delta", "delta": delta}),
            ("thread.run.step.completed", done),
        ]

    async def _frame(self, name: str, data: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        data, was = self.alter(data), data
        if data.get("object") == "thread.run" and data["status"] != was["status"]:
            name = f"thread.run.{data['status']}"
        frame = f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
        if self.mangle is None:
            self.sent.append((name, data))
            yield frame
            return
        async with aclosing(self.mangle(name, frame)) as pieces:
            async for piece in pieces:
                yield piece


def _numbered(call: dict[str, Any]) -> dict[str, Any]:
    """A call as a delta has it: what code gave has numbers there."""
    code = call.get("code_interpreter")
    if code is None:
        return call
    outputs = [{"index": at, **one} for at, one in enumerate(code["outputs"])]
    return {**call, "code_interpreter": {**code, "outputs": outputs}}


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
        fields["tool_choice"] = p.NamedTool(choice["function"]["name"]) if "function" in choice else "auto"
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
    ("POST", "/threads/runs", Double.create_thread_and_run),
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
]
